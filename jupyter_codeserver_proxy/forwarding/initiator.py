"""Protects against cross-site requests: whose page sent a request, and what it may do (pure)."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from .headers import is_upgrade

if TYPE_CHECKING:
    from collections.abc import Mapping

_SAFE = frozenset({"GET", "HEAD"})
_FRAMES = frozenset({"frame", "iframe"})


class Initiator(Enum):
    """Who made the browser send a request; the browser adds the login cookie in any case."""

    OURS = "a page of this server, or a person who typed the address"
    FOREIGN = "a page of another origin, or of another server on the same host"
    UNKNOWN = "no header tells"


def initiator(headers: Mapping[str, str], base_url: str) -> Initiator:
    """Returns who made the browser send a request.

    No page can forge Sec-Fetch-Site. Plain HTTP and old browsers do not have it: there Origin is
    compared with Host, and without Origin, Referer is.

    Args:
        headers: the request's.
        base_url: of this server. Where servers share a host, a Referer outside of it is another
            server's page. A missing Referer proves nothing: a page may suppress it.
    """
    site = headers.get("Sec-Fetch-Site")
    referer = headers.get("Referer", "")
    origin = headers.get("Origin") or referer
    if site is not None:
        is_ours = site in {"same-origin", "none"}
    elif origin:
        is_ours = _split(origin).netloc.lower() == headers.get("Host", "").lower() != ""
    else:
        return Initiator.UNKNOWN
    return Initiator.OURS if is_ours and not _is_outside(referer, base_url) else Initiator.FOREIGN


def _is_outside(referer: str, base_url: str) -> bool:
    path = _split(referer).path
    # A page may limit its Referer to the origin.
    return path not in {"", "/"} and not f"{path}/".startswith(base_url)


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")


def is_navigation(method: str, headers: Mapping[str, str]) -> bool:
    """Whether a browser shows the response to a person, in a tab or a frame."""
    if method not in _SAFE or is_upgrade(method, headers):
        return False
    mode = headers.get("Sec-Fetch-Mode")
    if mode is not None:
        return mode == "navigate"
    return "text/html" in headers.get("Accept", "")


def cookie_suffices(
    method: str, headers: Mapping[str, str], base_url: str, *, may_be_framed: bool
) -> bool:
    """Whether a login cookie alone authorizes a request.

    - Our own pages may send any request.
    - A foreign page may link here: a GET that fills a tab. It may fill a frame if the policy lets
      any other origin frame us; the browser checks which. Its scripts, images, fetches, forms,
      websockets, `embed` and `object` are refused.
    - An unknown initiator is a browser on plain HTTP, after a typed address or from a worker, or
      a program. Safe methods pass; others need Jupyter's XSRF token (see
      `GuardedHandler.check_xsrf_cookie`). There a hostile page can look unknown, too;
      Cross-Origin-Resource-Policy keeps it from reading the response.

    Args:
        method: the request's.
        headers: the request's.
        base_url: of this server.
        may_be_framed: whether the policy lets pages of other origins frame ours.
    """
    if initiator(headers, base_url) is not Initiator.FOREIGN:
        return True
    if not is_navigation(method, headers):
        return False
    # Old browsers do not tell a tab from a frame; they obey the response's policy.
    destination = headers.get("Sec-Fetch-Dest", "document")
    return destination == "document" or (may_be_framed and destination in _FRAMES)
