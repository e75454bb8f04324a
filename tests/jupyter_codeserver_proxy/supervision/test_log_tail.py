"""Output is kept line by line, bounded and without secrets."""

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
        pytest.param("GET /?token=s3cret&a=1", "GET /?token=[hidden]&a=1", id="secret"),
        pytest.param("\x1b[31mred\x1b[0m\r", "red", id="colours"),
        pytest.param("to\x1b[0mken=s3cret", "token=[hidden]", id="a coloured secret"),
    ],
)
def test_secrets_and_colours_are_left_out(line: str, kept: str) -> None:
    """Pages and logs show neither tokens nor a terminal's control sequences."""
    read: list[str] = []
    tail = LogTail(read.append)
    tail.feed(line.encode() + b"\n")
    assert tail.lines == (kept,) == tuple(read)


@pytest.mark.parametrize("cut", range(1, 30))
def test_a_secret_that_has_not_wholly_arrived_is_hidden(cut: int) -> None:
    """This holds wherever output is cut, and when it is read in between."""
    line = b"see ghp_Zx81qwertyUIOP4242asdfGHJK99"
    tail = LogTail(lambda _: None)
    tail.feed(line[:cut])
    assert "Zx8" not in tail.lines[0]
    tail.feed(line[cut:] + b"\n")
    assert tail.lines == ("see ghp_[hidden]",)


def test_a_private_key_is_hidden_on_all_its_lines() -> None:
    """Text after the key stays."""
    key = b"-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQ"
    tail = LogTail(lambda _: None)
    tail.feed(b"a\n" + key)
    assert tail.lines == ("a", *["[hidden]"] * 3)
    tail.feed(b"==\n-----END PRIVATE KEY-----\nb\n")
    assert tail.lines == ("a", *["[hidden]"] * 4, "b")


def test_a_secret_at_the_end_of_a_line_that_is_too_long_is_hidden() -> None:
    """There it is too short to be recognised by its form alone."""
    tail = LogTail(lambda _: None)
    tail.feed(b"x" * 4080 + b" ghp_Zx81qwertyUIOP4242asdfGHJK99\n")
    assert tail.lines == ("x" * 4080 + " ghp_[hidden]",)


def test_bytes_that_are_no_text_do_no_harm() -> None:
    """Output may be any bytes."""
    tail = LogTail(lambda _: None)
    tail.feed(b"\xff\xfe\n")
    assert tail.lines == ("\N{REPLACEMENT CHARACTER}" * 2,)
