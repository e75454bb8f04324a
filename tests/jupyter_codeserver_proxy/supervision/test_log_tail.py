"""Output is kept within bounds, line by line, and never with a secret."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_codeserver_proxy.supervision.log_tail import LogTail


@given(st.lists(st.text("ab \n", max_size=50)))
def test_lines_are_the_same_however_output_is_cut(pieces: list[str]) -> None:
    """A line that arrives in pieces is one line."""
    read: list[str] = []
    tail = LogTail(read.append)
    for piece in pieces:
        tail.feed(piece.encode())
    tail.finish()
    text = "".join(pieces)
    expected = text.removesuffix("\n").split("\n") if text else []
    assert read == expected
    assert list(tail.lines) == expected[-200:]


def test_ten_megabytes_without_a_newline_are_one_short_line() -> None:
    """A flood does not fill memory."""
    read: list[str] = []
    tail = LogTail(read.append)
    for _ in range(160):
        tail.feed(b"x" * 65536)
    assert tail.lines == ("x" * 4096,)
    tail.feed(b"\nnext\n")
    assert read == ["x" * 4096, "next"]


def test_kept_lines_have_a_limit_in_number_and_in_size() -> None:
    """Many lines, or a few long ones, push out the oldest."""
    tail = LogTail(lambda _: None)
    for number in range(1000):
        tail.feed(b"%d\n" % number)
    assert tail.lines == tuple(str(number) for number in range(800, 1000))
    for _ in range(100):
        tail.feed(b"y" * 4096 + b"\n")
    assert tail.lines == ("y" * 4096,) * 16


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        pytest.param("GET /?token=s3cret&a=1", "GET /?token=[hidden]&a=1", id="query"),
        pytest.param("GET /?tkn=s3cret HTTP/1.1", "GET /?tkn=[hidden] HTTP/1.1", id="VS Code's"),
        pytest.param(
            '{"JUPYTERHUB_API_TOKEN":"s3cret"}', '{"JUPYTERHUB_API_TOKEN":"[hidden]"}', id="JSON"
        ),
        pytest.param("Authorization: Bearer s3cret", "Authorization:[hidden]", id="header"),
        pytest.param("cookie: a=s3cret; b=s3cret", "cookie:[hidden]", id="cookie"),
        pytest.param("\x1b[31mred\x1b[0m\r", "red", id="colours"),
        pytest.param(
            "Session server listening on /a", "Session server listening on /a", id="plain"
        ),
    ],
)
def test_secrets_and_colours_are_left_out(line: str, kept: str) -> None:
    """What goes to a page and to a log holds no token, and no terminal's controls."""
    tail = LogTail(lambda _: None)
    tail.feed(line.encode() + b"\n")
    assert tail.lines == (kept,)


def test_bytes_that_are_no_text_do_no_harm() -> None:
    """Output may be anything."""
    tail = LogTail(lambda _: None)
    tail.feed(b"\xff\xfe\n")
    assert tail.lines == ("\N{REPLACEMENT CHARACTER}" * 2,)
