"""The folder that JupyterLab shows comes from its contents manager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.manager import AsyncContentsManager

from jupyter_codeserver_proxy.config.contents import Contents, find
from jupyter_codeserver_proxy.config.options import ConfigurationError, configured

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tornado.httpclient import HTTPResponse

    Fetch = Callable[..., Awaitable[HTTPResponse]]

pytest_plugins = ["pytest_jupyter.jupyter_server"]


class Bucket(AsyncContentsManager):
    """A contents manager whose files are not on a disk."""


@pytest.fixture
def served(tmp_path: Path) -> Path:
    """A folder of files, different from the server's own."""
    folder = tmp_path / "served"
    (folder / "week 1").mkdir(parents=True)
    return folder


@pytest.fixture
def manager(served: Path) -> dict[str, Any]:
    """The options of the contents manager."""
    options = {"root_dir": str(served), "preferred_dir": "week 1"}
    return {"FileContentsManager": options}


@pytest.fixture
def jp_server_config(manager: dict[str, Any], tmp_path: Path) -> dict[str, Any]:
    """A Jupyter server with the extension."""
    extension = {"jupyter_codeserver_proxy": True}
    return {
        **manager,
        "ServerApp": {"jpserver_extensions": extension, **manager.get("ServerApp", {})},
        "CodeServer": {"executable": str(tmp_path / "none")},
    }


async def answer(fetch: Fetch, path: str) -> HTTPResponse:
    """Returns an answer of any status."""
    return await fetch(path, follow_redirects=False, raise_error=False)


async def test_the_contents_managers_own_root_counts(
    jp_serverapp: ServerApp, jp_fetch: Fetch, served: Path
) -> None:
    """It applies to links, to the folder that VS Code opens, and to the way back."""
    assert find(jp_serverapp) == Contents(served, served / "week 1")
    options = configured(jp_serverapp, {})
    assert options.workspace().folder == served / "week 1"
    assert options.values().start.jupyter["JUPYTER_CODESERVER_ROOT"] == str(served)
    link = await answer(jp_fetch, "codeserver/open/week 1")
    assert link.headers["Location"].endswith(quote(str(served / "week 1"), safe=""))


def test_it_counts_before_the_server_is_started(served: Path) -> None:
    """The doctor reads only the configuration."""
    app = ServerApp()
    app.parse_command_line([f"--FileContentsManager.root_dir={served}"])
    app.config.FileContentsManager.preferred_dir = "week 1"
    assert find(app) == Contents(served, served / "week 1")
    app.config.CodeServer.working_folder = "week 1"
    assert configured(app, {}).workspace().folder == served / "week 1"


def test_a_preferred_folder_that_has_gone_leaves_the_root(served: Path) -> None:
    """JupyterLab shows the root then, too."""
    app = ServerApp()
    app.parse_command_line([f"--FileContentsManager.root_dir={served}"])
    app.contents_manager = app.contents_manager_class(parent=app)
    app.contents_manager.preferred_dir = "week 1"
    (served / "week 1").rmdir()
    assert find(app) == Contents(served, served)


def test_a_root_that_is_not_there_is_a_wrong_option(tmp_path: Path) -> None:
    """The doctor reports it without a traceback, though Jupyter has not started."""
    app = ServerApp()
    app.parse_command_line([f"--FileContentsManager.root_dir={tmp_path / 'none'}"])
    with pytest.raises(ConfigurationError, match="is not a directory"):
        configured(app, {}).workspace()


@pytest.mark.parametrize("manager", [{"ServerApp": {"contents_manager_class": Bucket}}])
async def test_a_contents_manager_without_a_folder_is_told_of(
    capsys: pytest.CaptureFixture[str], jp_serverapp: ServerApp, jp_fetch: Fetch, jp_root_dir: Path
) -> None:
    """Links refuse in one line, and VS Code opens the server's own folder."""
    options = configured(jp_serverapp, {})
    assert options.workspace().folder == jp_root_dir
    assert options.values().start.jupyter["JUPYTER_CODESERVER_ROOT"] == ""
    assert f"the tile opens {jp_root_dir}" in capsys.readouterr().err
    link = await answer(jp_fetch, "codeserver/open/a.py")
    assert link.code == 404
    assert link.body == b"JupyterLab shows no files of this machine for VS Code to open.\n"
