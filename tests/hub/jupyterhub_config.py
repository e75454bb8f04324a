"""A minimal JupyterHub, with the configuration from docs/culling.md."""

import os
import re
import sys
from pathlib import Path
from typing import Any

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 -- JupyterHub puts it there

where = os.environ
folder = Path(where["HUB_FOLDER"])

document = Path(__file__).parents[2].joinpath("docs/culling.md").read_text()
(snippet,) = re.findall(r"```python\n# jupyterhub_config.py\n(.*?)```", document, re.DOTALL)
exec(snippet)  # noqa: S102 -- tests the documented code itself

c.JupyterHub.bind_url = where["HUB_URL"]
c.JupyterHub.subdomain_host = where.get("HUB_SUBDOMAIN_HOST", "")
c.JupyterHub.hub_port = int(where["HUB_PORT"])
c.JupyterHub.db_url = f"sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = f"{folder}/cookie"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = where["HUB_PASSWORD"]
c.Authenticator.allow_all = True

# The proxy and the servers outlive a restart of the hub, as in Kubernetes.
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url = where["HUB_PROXY_API"]
c.JupyterHub.cleanup_servers = False
c.JupyterHub.cleanup_proxy = False

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = f"{folder}/homes/{{username}}"
# HUB_COMMAND replaces this environment's own single-user server.
singleuser = str(Path(sys.executable).with_name("jupyterhub-singleuser"))
c.Spawner.cmd = [where.get("HUB_COMMAND", singleuser)]


def _take_over(spawner: Any) -> None:  # noqa: ANN401 -- the spawner's class is JupyterHub's
    """Run bob's own program in place of Jupyter, as a student may, and let everybody in."""
    if where.get("HUB_STRANGERS_SERVER") and spawner.user.name == "bob":
        spawner.cmd = [sys.executable, where["HUB_STRANGERS_SERVER"]]


c.Spawner.pre_spawn_hook = _take_over
c.Spawner.args = ["--allow-root"]
c.Spawner.default_url = "/lab"
c.Spawner.http_timeout = 120  # many servers start at once, on few cores
c.Spawner.environment.update(
    {
        "PATH": os.pathsep.join((where["HUB_CODE_SERVER_BIN"], where["PATH"])),
        "JUPYTER_CODESERVER_EXECUTABLE": f"{where['HUB_CODE_SERVER_BIN']}/code-server",
        # Shared, so that VS Code's files are compressed once and not by every server.
        "XDG_CACHE_HOME": where["HUB_CACHE"],
        "JUPYTER_CODESERVER_TITLE": "VS Code of the class",  # the peer has a tile "VS Code" as well
        "JUPYTER_CODESERVER_JOB_LIMIT": where["HUB_JOB_LIMIT"],
        **{name: where[name] for name in ("IMAGE", "IMAGE_ENGINE") if name in where},
        # Unusually short, because a test waits for it.
        "JUPYTERHUB_ACTIVITY_INTERVAL": "5",
    }
)

c.JupyterHub.services = [
    {
        "name": "culler",
        "command": [
            sys.executable,
            *("-m", "jupyterhub_idle_culler"),
            f"--timeout={where['HUB_TIMEOUT']}",
            "--cull-every=5",
        ],
    },
    {"name": "test", "api_token": where["HUB_TOKEN"]},
]
c.JupyterHub.load_roles = [
    {
        "name": "culler",
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": ["culler"],
    },
    {"name": "test", "scopes": ["admin:users", "admin:servers"], "services": ["test"]},
]
