"""Targets for other servers, and paths out of the served folders."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.jupyter_codeserver_proxy.forwarding.conftest import PREFIX

if TYPE_CHECKING:
    from tests.attack.conftest import Server

pytestmark = pytest.mark.attack

BELOW = PREFIX.encode()
# First lines (BELOW is our path) that pass, with the target that upstream receives.
PASSING = {
    b"GET BELOW/a%2Fb//c/../%2e%2e HTTP/1.1": b"/a%2Fb//c/../%2e%2e",
    b"GET BELOW//evil.example/ HTTP/1.1": b"//evil.example/",
    b"GET BELOW/%0d%0aX:%201 HTTP/1.1": b"/%0d%0aX:%201",
    b"GET BELOW/\xff\xc0\xae HTTP/1.1": b"/\xff\xc0\xae",
    b"GET BELOW/http://evil.example HTTP/1.1": b"/http://evil.example",
    b"GET BELOW/;a=b?c?d#e HTTP/1.1": b"/;a=b?c?d#e",
    b"GET BELOW/" + b"x" * 60_000 + b" HTTP/1.1": b"/" + b"x" * 60_000,
}
REFUSED = [
    *(b"GET http://evil.exampleBELOW/ HTTP/1.1", b"GET http://HOSTBELOW/ HTTP/1.1"),
    *(b"CONNECT 127.0.0.1:22 HTTP/1.1", b"CONNECT BELOW/ HTTP/1.1", b"OPTIONS * HTTP/1.1"),
    *(b"TRACE BELOW/ HTTP/1.1", b"PROPFIND BELOW/ HTTP/1.1", b"get BELOW/ HTTP/1.1"),
    *(b"G\0T BELOW/ HTTP/1.1", b"GET  BELOW/ HTTP/1.1", b"GET\tBELOW/ HTTP/1.1", b" GET BELOW/"),
    *(b"GET BELOW/ HTTP/1.1 x", b"GET BELOW/a b HTTP/1.1", b"GET BELOW/\t HTTP/1.1", b"GET BELOW/"),
    *(b"GET BELOW/\0 HTTP/1.1", b"GET BELOW/\rX: 1 HTTP/1.1", b"GET BELOW/\x7f HTTP/1.1"),
    *(b"GET BELOW/ HTTP/2.0", b"GET BELOW/ HTTP/0.9", b"GET BELOW/ http/1.1", b"GET BELOW/ HTTP/1"),
    *(b"PRI * HTTP/2.0", b"GET BELOW/" + b"x" * 70_000 + b" HTTP/1.1", b"\x16\x03\x01"),
    *(b"GET BELOW/../../x HTTP/1.1 HTTP/1.1", b"GET ?BELOW/ HTTP/1.1", b"GET #BELOW/ HTTP/1.1"),
]


def request(server: Server, line: bytes, *lines: bytes) -> bytes:
    """Returns a head with this first line."""
    line = line.replace(b"BELOW", BELOW).replace(b"HOST", server.gateway.host)
    return (
        line
        + server.gateway.head(b"GET /", b"Sec-Fetch-Site: none", *lines)[
            len(b"GET " + BELOW + b"/ HTTP/1.1") :
        ]
    )


def test_a_target_passes_as_it_is_or_not_at_all(recorded: Server) -> None:
    """Targets are not decoded; those for another host or of another form are refused."""
    for line, target in PASSING.items():
        answer, wire = recorded.ask(request(recorded, line))
        assert answer is not None, line
        assert (answer.content, recorded.begun[-1]) == (target, target)
        wire.close()
    for line in REFUSED:
        before = len(recorded.begun)
        answer, wire = recorded.ask(request(recorded, line))
        assert answer is None or 400 <= answer.status < 500, line
        assert len(recorded.begun) == before, line
        wire.close()
    recorded.assert_serves_the_next()


DOTS = (b"..", b"%2e%2e", b".%2E", b"%252e%252e", b"..%00", b"..;", b"....", b"%c0%ae%c0%ae")
SLASHES = (b"/", b"//", b"%2f", b"%5c", b"\\", b"/./", b"%252f")
PLACES = (b"/_static", b"/stable-COMMIT/static", b"/stable-COMMIT/static/out/vs", b"/open")
SECRETS = (b"/etc/passwd", b"etc/passwd")


def test_no_path_leads_out_of_what_is_served(real: Server) -> None:
    """Neither VS Code's files, from disk or forwarded, nor instructors' links lead out."""
    canary = Path("/etc/passwd").read_bytes().splitlines()[0]
    told = real.gateway.ask(b"GET /", b"Accept: text/html").content
    (commit,) = set(re.findall(rb"stable-([0-9a-f]{40})/", told))
    for place, dots, slash, secret in product(PLACES, DOTS, SLASHES, SECRETS):
        way = (dots + slash) * 12 + secret
        target = place.replace(b"COMMIT", commit) + b"/" + way
        answer, wire = real.ask(real.gateway.head(b"GET " + target))
        assert answer is not None, target
        assert answer.status < 500, target
        assert canary not in answer.content, target
        # A link may lead to a folder or a file in Jupyter's root.
        (location,) = answer.fields.get(b"location", [b""])
        assert b"passwd" not in location, target
        wire.close()
    real.assert_serves_the_next()
