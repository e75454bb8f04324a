"""Whose page made the browser send a request, and what it may do."""

from __future__ import annotations

import pytest
from tornado.httputil import HTTPHeaders

from jupyter_codeserver_proxy.forwarding.initiator import Initiator, cookie_suffices, initiator

BASE_URL = "/user/alice/"
PAGE = "http://h:1/user/alice/codeserver/?folder=x"
OURS, FOREIGN_PAGE, UNKNOWN = Initiator
SILENT: dict[str, str] = {}
LINK = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
FRAME = {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
SCRIPT = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
WEBSOCKET = {"Connection": "Upgrade", "Upgrade": "websocket", "Accept": "text/html"}
FOREIGN = {"Origin": "http://evil"}
SISTER = {"Sec-Fetch-Site": "same-site", "Referer": "http://bob.h/"}


def _headers(fields: dict[str, str]) -> HTTPHeaders:
    return HTTPHeaders({"Host": "h:1", **fields})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        pytest.param({"Sec-Fetch-Site": "same-origin"}, OURS, id="the browser says so"),
        pytest.param({"Sec-Fetch-Site": "none"}, OURS, id="typed by a person"),
        pytest.param({"Sec-Fetch-Site": "same-site"}, FOREIGN_PAGE, id="a sister domain"),
        pytest.param(
            {"Sec-Fetch-Site": "cross-site", "Origin": "http://h:1"},
            FOREIGN_PAGE,
            id="foreign in any case",
        ),
        pytest.param({"Origin": "http://h:1"}, OURS, id="an origin that is the host"),
        pytest.param({"Origin": "HTTPS://H:1"}, OURS, id="in capitals"),
        pytest.param({"Origin": "http://h:2"}, FOREIGN_PAGE, id="another port"),
        pytest.param({"Origin": "http://h:1.example.org"}, FOREIGN_PAGE, id="a longer host"),
        pytest.param({"Origin": "null"}, FOREIGN_PAGE, id="an opaque origin"),
        pytest.param({"Origin": "http://["}, FOREIGN_PAGE, id="an origin that is none"),
        pytest.param(
            {"Origin": "http://evil", "Referer": PAGE}, FOREIGN_PAGE, id="the referer is second"
        ),
        pytest.param({"Referer": PAGE}, OURS, id="a referer on this server"),
        pytest.param(
            {"Referer": "http://evil/user/alice/"}, FOREIGN_PAGE, id="a referer elsewhere"
        ),
        pytest.param({"Referer": "http://h:1/user/bob/x"}, FOREIGN_PAGE, id="another user's page"),
        pytest.param(
            {"Referer": "http://h:1/user/bob/x", "Sec-Fetch-Site": "same-origin"},
            FOREIGN_PAGE,
            id="another user's page, for which the browser has no other word",
        ),
        pytest.param({"Referer": "http://h:1/user/alicette/"}, FOREIGN_PAGE, id="a longer name"),
        pytest.param({"Referer": "http://h:1/user/alice"}, OURS, id="without its slash"),
        pytest.param({"Referer": "http://h:1/"}, OURS, id="a referer without its path"),
        pytest.param({}, UNKNOWN, id="silence"),
    ],
)
def test_a_browser_tells_whose_page_sent_a_request(
    fields: dict[str, str], expected: Initiator
) -> None:
    """Sec-Fetch-Site counts before Origin, and Origin before Referer; its path counts, too."""
    assert initiator(_headers(fields), BASE_URL) is expected


def test_a_server_alone_on_its_host_has_no_pages_beside_it() -> None:
    """With the base URL `/`, every page of the host is ours."""
    assert initiator(_headers({"Referer": "http://h:1/lab"}), "/") is OURS


def test_a_request_without_host_is_from_nowhere() -> None:
    """An empty origin does not match an absent host."""
    assert initiator(HTTPHeaders({"Referer": "mailto:x"}), "/") is FOREIGN_PAGE


@pytest.mark.parametrize(
    ("method", "fields", "acceptable"),
    [
        pytest.param("GET", {"Sec-Fetch-Site": "same-origin", **SCRIPT}, True, id="our script"),
        pytest.param("POST", {"Sec-Fetch-Site": "same-origin"}, True, id="our fetch"),
        pytest.param("GET", {**SISTER, **LINK}, True, id="another's link"),
        pytest.param("HEAD", {**SISTER, **LINK}, True, id="another's link, looked at"),
        pytest.param("GET", {**SISTER, **SCRIPT}, False, id="another's script"),
        pytest.param("HEAD", SISTER, False, id="another's fetch"),
        pytest.param("POST", {**SISTER, **LINK}, False, id="another's form"),
        pytest.param("GET", {**SISTER, **FRAME}, False, id="another's frame"),
        pytest.param(
            "GET",
            {**SISTER, **LINK, "Sec-Fetch-Dest": "object"},
            False,
            id="another's embedded object",
        ),
        pytest.param("GET", {**FOREIGN, **WEBSOCKET}, False, id="another's websocket"),
        pytest.param("GET", {"Origin": "http://h:1", **WEBSOCKET}, True, id="our websocket"),
        pytest.param(
            "GET",
            {"Referer": "http://evil/", "Accept": "text/html,*/*"},
            True,
            id="another's link, in an old browser",
        ),
        pytest.param(
            "GET", {"Referer": "http://evil/", "Accept": "*/*"}, False, id="a script, likewise"
        ),
        pytest.param("GET", SILENT, True, id="silence"),
        pytest.param(
            "GET", {"Referer": "http://h:1/user/bob/x", **FRAME}, False, id="a neighbour's frame"
        ),
    ],
)
def test_another_page_may_lead_a_person_here_and_no_more(
    method: str, fields: dict[str, str], *, acceptable: bool
) -> None:
    """A foreign page may link here; its other requests are refused."""
    found = cookie_suffices(method, _headers(fields), BASE_URL, may_be_framed=False)
    assert found is acceptable


@pytest.mark.parametrize(("fields", "acceptable"), [(FRAME, True), (SCRIPT, False)])
def test_a_page_that_may_frame_us_may_do_nothing_else(
    fields: dict[str, str], *, acceptable: bool
) -> None:
    """The browser checks which page may frame; scripts are refused."""
    headers = _headers({**SISTER, **fields})
    assert cookie_suffices("GET", headers, BASE_URL, may_be_framed=True) is acceptable
