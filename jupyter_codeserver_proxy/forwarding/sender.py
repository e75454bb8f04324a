"""Whose page sent a request, as its browser tells, and what pages of others may ask for."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from .headers import is_upgrade

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAFE = frozenset({"GET", "HEAD"})
_FRAMES = frozenset({"frame", "iframe"})


class Sender(Enum):
    """Who has a browser send a request, to which the browser adds the login cookie by itself."""

    OURS = "a page of this server, or a person who typed the address"
    ANOTHERS = "a page of another origin, or of another server on the same host"
    UNKNOWN = "no header tells"


def sender(headers: Mapping[str, str], base_url: str) -> Sender:
    """Who has sent a request.

    Sec-Fetch-Site cannot be forged by a page. Where it is missing (plain HTTP, old browsers),
    Origin is compared with Host, and where that is missing too, the Referer.

    Args:
        headers: the request's.
        base_url: of this server. On a host that many servers share, a Referer beside it is the
            page of another one. Its absence proves nothing: a page may withhold its Referer.
    """
    site = headers.get("Sec-Fetch-Site")
    referer = headers.get("Referer", "")
    told = headers.get("Origin") or referer
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    elif told:
        is_ours = _split(told).netloc.lower() == headers.get("Host", "").lower() != ""
    else:
        return Sender.UNKNOWN
    return Sender.OURS if is_ours and not _is_beside(referer, base_url) else Sender.ANOTHERS


def _is_beside(referer: str, base_url: str) -> bool:
    path = _split(referer).path
    # A page may have its browser name the origin alone.
    return path not in {"", "/"} and not f"{path}/".startswith(base_url)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def is_navigation(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser shows the answer to a person, in a tab or a frame."""
    if method not in _SAFE or is_upgrade(method, headers):
        return False
    mode = headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return "text/html" in headers.get("Accept", "")


def is_acceptable(
    method: str, headers: Mapping[str, str], base_url: str, *, may_be_framed: bool
) -> bool:
    """Whether a request may act with no more than a login cookie.

    - Our own pages may do everything.
    - Another's page may lead a person here by a link: a GET that fills a tab. It may fill a frame
      if the policy names another page that may frame us; which, the browser judges. Scripts,
      images, fetch, forms, websockets, `embed` and `object` get nothing.
    - Where no header tells, it is what a browser on plain HTTP sends for a typed address and from
      workers, or no browser: as before, what changes nothing, and the rest with Jupyter's XSRF
      token (see `GuardedHandler.check_xsrf_cookie`). A hostile page can make its requests look so
      there; the answer's Cross-Origin-Resource-Policy keeps it from reading.

    Args:
        method: the request's.
        headers: the request's.
        base_url: of this server.
        may_be_framed: whether the policy lets pages of other origins frame ours.
    """
    if sender(headers, base_url) is not Sender.ANOTHERS:
        return True
    if not is_navigation(method, headers):
        return False
    # Old browsers do not tell a tab from a frame, and obey the answer's policy.
    destination = headers.get("Sec-Fetch-Dest", "document")
    return destination == "document" or (may_be_framed and destination in _FRAMES)
