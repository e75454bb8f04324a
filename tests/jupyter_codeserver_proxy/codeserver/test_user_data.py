"""VS Code has a writable folder of settings and state."""

from __future__ import annotations

from pathlib import Path

from jupyter_codeserver_proxy.codeserver.command import StartOptions
from jupyter_codeserver_proxy.codeserver.user_data import default_folder, writable


def test_a_folder_that_can_be_made_is_taken(tmp_path: Path) -> None:
    """The student's own folder is used if no option names one."""
    options, spare = StartOptions(), tmp_path / "spare"
    assert writable(options, {"XDG_DATA_HOME": str(tmp_path / "a/b")}, spare) == (options, None)
    assert not (tmp_path / "a").exists()


def test_a_folder_that_cannot_be_written_is_replaced_and_named(tmp_path: Path) -> None:
    """This holds with and without an option."""
    (file := tmp_path / "file").touch()
    spare = tmp_path / "spare"
    wanted, environment = file / "data", {"XDG_DATA_HOME": str(file)}
    for options, lost in (
        (StartOptions(user_data_folder=wanted), wanted),
        (StartOptions(), file / "code-server"),
    ):
        found, unwritable = writable(options, environment, spare)
        assert (found.user_data_folder, unwritable) == (spare, lost)


def test_the_default_is_that_of_code_server() -> None:
    """It lies in the home, or in XDG_DATA_HOME."""
    assert default_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/code-server")
    assert default_folder({}) == Path.home() / ".local/share/code-server"
