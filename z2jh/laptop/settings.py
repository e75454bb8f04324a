"""The values that mean the same on a hub without Kubernetes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from z2jh.hubvalues.layers import get

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.hubvalues.layers import Values

_LIMITS = {
    "concurrent_spawn_limit": "concurrentSpawnLimit",
    "active_server_limit": "activeServerLimit",
    "allow_named_servers": "allowNamedServers",
}
# These depend on the login and the host; all else of `hub.config.JupyterHub` is taken.
_ELSEWHERE = ("authenticator_class", "subdomain_host")
_CULLER = "jupyterhub-idle-culler"


def from_values(values: Values, python: str, folder: Path) -> dict[str, dict[str, Any]]:
    """Returns JupyterHub's configuration, by class.

    `python` runs the culler, and the values' own pages are written into `folder`.
    """
    limits = {option: get(values, "hub", name) for option, name in _LIMITS.items()}
    hub = {option: limit for option, limit in limits.items() if limit is not None}
    given = get(values, "hub", "config", "JupyterHub") or {}
    hub |= {name: value for name, value in given.items() if name not in _ELSEWHERE}
    hub["template_paths"] = _pages(values, folder / "templates")
    hub |= _culler(get(values, "cull") or {}, python)
    single = values["singleuser"]
    spawner = {
        "environment": dict(single.get("extraEnv") or {}),
        "default_url": single.get("defaultUrl") or "",
    }
    return {"JupyterHub": hub, "Spawner": spawner}


def _pages(values: Values, folder: Path) -> list[str]:
    """Writes the templates that the chart would mount into the hub's pod."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = get(values, "hub", "templatePaths") or []
    for file in (get(values, "hub", "extraFiles") or {}).values():
        place, _, name = file["mountPath"].rpartition("/")
        if place in mounted and "stringData" in file:
            folder.joinpath(name).write_text(file["stringData"])
    return [str(folder)]


def _culler(cull: dict[str, Any], python: str) -> dict[str, Any]:
    """Returns the culler as a service, with the chart's switches for it."""
    if not cull.get("enabled"):
        return {}
    command = [python, "-m", "jupyterhub_idle_culler"]
    for switch, name in (("timeout", "timeout"), ("cull-every", "every"), ("max-age", "maxAge")):
        if cull.get(name):
            command.append(f"--{switch}={cull[name]}")
    role = {
        "name": _CULLER,
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": [_CULLER],
    }
    return {"services": [{"name": _CULLER, "command": command}], "load_roles": [role]}
