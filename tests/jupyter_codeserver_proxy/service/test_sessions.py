"""`code-server FILE` finds our socket where it looks, as long as Jupyter runs."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from jupyter_codeserver_proxy.service.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Iterator

ASKS = b"GET /session?filePath=%2Fa HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose path is short enough for sockets."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


async def ask(path: Path, question: bytes) -> bytes:
    """Returns the answer from a socket."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(question)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


def test_without_code_server_the_command_is_told_so(folder: Path) -> None:
    """It finds a message that it shows. A mere test of the connection gets no answer."""
    data = folder / "home/code-server"

    async def answers() -> list[bytes]:
        sessions = Sessions(lambda: None, data)
        await sessions.open([folder])
        link = data / "code-server-ipc.sock"
        found = [await ask(link, question) for question in (ASKS, b"", b"nonsense\r\n")]
        await sessions.close()
        return found

    told, *nothing = asyncio.run(answers())
    head, _, body = told.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 200 ")
    assert json.loads(body)["socketPath"].startswith("No window of VS Code is open.")
    assert nothing == [b"", b""]
    assert list(data.iterdir()) == []
    assert [file.name for file in folder.iterdir()] == ["home"]


def test_of_two_servers_the_last_one_to_start_vs_code_is_asked(folder: Path) -> None:
    """Two servers share a home, and the end of one does not disturb the other."""
    link = folder / "code-server-ipc.sock"

    async def leads() -> list[Path]:
        first, second = (Sessions(lambda: None, folder) for _ in range(2))
        found = []
        for happens in (first.open([folder]), second.open([folder])):
            await happens
            found.append(link.readlink())
        first.link()
        await second.close()
        found.append(link.readlink())
        await first.close()
        return found

    to_first, to_second, again = asyncio.run(leads())
    assert to_first == again != to_second
    assert list(folder.iterdir()) == []


def test_a_home_that_cannot_be_written_is_no_hindrance(folder: Path) -> None:
    """Only the command does not work then."""
    (folder / "file").touch()

    async def scenario() -> None:
        sessions = Sessions(lambda: None, folder / "file/data")
        await sessions.open([folder])
        await sessions.close()

    asyncio.run(scenario())
    assert [file.name for file in folder.iterdir()] == ["file"]
