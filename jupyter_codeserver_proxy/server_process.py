"""The entry for jupyter-server-proxy: the tile, and a proxy for when ours is off."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tornado.web import HTTPError

from .codeserver import command, executable
from .codeserver.builtin_extensions import check_policy
from .failure import CannotStart
from .service.launch import shared_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from .config.options import CodeServer

ICON = Path(__file__).with_name("vscode.svg")

# This entry cannot change VS Code's extensions. Our own handlers, which replace it, can.
_WITHOUT_EXTENSION = (
    "The server extension jupyter_codeserver_proxy is off",
    "Enable it: jupyter server extension enable --sys-prefix jupyter_codeserver_proxy",
)

log = logging.getLogger(__name__)


def server_process(
    configured: Callable[[], CodeServer], inherited: Mapping[str, str]
) -> dict[str, Any]:
    """Returns the description of code-server for jupyter-server-proxy's `ServerProcess`.

    A wrong configuration does not remove the tile: a click on it shows what is wrong.

    Args:
        configured: returns the options, or raises what is wrong with them.
        inherited: the environment variables of the Jupyter server.
    """
    try:
        options = configured()
        start = options.values().start
    except CannotStart as error:
        log.error("%s", error)  # noqa: TRY400 -- one line is enough for a wrong option
        return {"command": _refusal(error), "launcher_entry": _tile("VS Code", ""), **_ON_A_SOCKET}
    wanted = command.environment(start.environment, inherited, Path(sys.prefix, "bin"))
    changed = {name for name, value in wanted.items() if inherited.get(name) != value}
    return {
        "command": _start(options, inherited, inherited.keys() - wanted.keys()),
        "environment": {_literally(name): _literally(wanted[name]) for name in changed},
        "timeout": options.timeout,
        "new_browser_tab": options.new_browser_tab,
        "launcher_entry": {
            **_tile(options.title, options.icon),
            "category": options.category,
            "enabled": bool(options.category) and not options.is_drawn_by_us(),
        },
        **_ON_A_SOCKET,
    }


# jupyter-server-proxy creates the socket in a new folder of mode 0700.
_ON_A_SOCKET = {"unix_socket": True}


def _tile(title: str, icon: str) -> dict[str, Any]:
    return {"title": title, "icon_path": str(Path(icon).expanduser() if icon else ICON)}


def _start(
    options: CodeServer, inherited: Mapping[str, str], withheld: Collection[str]
) -> Callable[[str], list[str]]:
    # jupyter-server-proxy can add variables but not remove them; env(1) can.
    without = [argument for name in sorted(withheld) for argument in ("-u", name)]
    chosen = options.values().start

    def start(unix_socket: str) -> list[str]:
        try:
            path = executable.find(options.executable, inherited).path
            known, workspace = executable.abilities(path), options.workspace()
            arguments = command.arguments(chosen, workspace, known.flags, Path(unix_socket))
            check_policy(*_WITHOUT_EXTENSION, shared_folder(chosen, inherited), ai=options.ai)
        except CannotStart as error:
            raise _unavailable(error) from error
        program: tuple[str, ...] = (str(path),)
        if known.wrapped and known.wrapped.is_split:
            variables = (f"{name}={value}" for name, value in known.wrapped.environment.items())
            program = (*variables, *known.wrapped.words())
        return [_literally(word) for word in ("env", *without, *program, *arguments)]

    return start


def _refusal(error: CannotStart) -> Callable[[], list[str]]:
    def refuse() -> list[str]:
        raise _unavailable(error)

    return refuse


def _unavailable(error: CannotStart) -> HTTPError:
    return HTTPError(503, f"VS Code cannot be started. {error}")


def _literally(text: str) -> str:
    # jupyter-server-proxy passes arguments and variables through str.format.
    return text.replace("{", "{{").replace("}", "}}")
