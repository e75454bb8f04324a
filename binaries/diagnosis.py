"""Explains in a person's words why a request failed, and whether to retry it."""

from __future__ import annotations

import email.utils
import re
import time
from typing import TYPE_CHECKING

import requests
import urllib3

from .errors import NetworkError
from .urls import public_url

if TYPE_CHECKING:
    from collections.abc import Mapping


class TransientError(Exception):
    """The request is worth a retry.

    Args:
        reason: What happened, for a person.
        pause: The seconds that the server wants to be left alone, None if it named none.
        connected: Whether anybody answered at all.
    """

    def __init__(self, reason: str, *, pause: float | None = None, connected: bool = True) -> None:
        super().__init__(reason)
        self.pause = pause
        self.connected = connected


def explain(error: Exception, stall: float) -> TransientError:
    """Returns what an error of `requests` means, which waited `stall` seconds for a byte.

    Raises:
        NetworkError: A retry would end in the same way.
    """
    cause = error.args[0] if error.args else error
    reason = getattr(cause, "reason", None) or cause
    if isinstance(error, requests.exceptions.SSLError):
        raise NetworkError(f"TLS fails ({reason}); if a proxy is at work, set REQUESTS_CA_BUNDLE")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        raise NetworkError(f"not a usable URL: {error}")
    through = _through_a_proxy(error)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        why = f"({_short(reason.original_error)}); see HTTPS_PROXY, NO_PROXY"
        return TransientError(f"no connection{through} {why}", connected=False)
    unconnected = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)
    if isinstance(reason, unconnected):
        return TransientError(f"no connection ({_short(reason)})", connected=False)
    if "timed out" in str(error).lower():
        return TransientError(f"no byte for {stall:g} s{through}")
    return TransientError(f"the connection broke{through} ({_short(reason)})")


def _through_a_proxy(error: Exception) -> str:
    """Names the proxy of a failed request, without its password; empty if there was none."""
    url = str(getattr(getattr(error, "request", None), "url", ""))
    proxies = requests.utils.get_environ_proxies(url, no_proxy=None)
    proxy = requests.utils.select_proxy(url, proxies)
    return f" through the proxy {public_url(proxy)}" if proxy else ""


def _short(reason: object) -> str:
    """Returns the operating system's words in a nested error, or else its last clause."""
    text = str(reason)
    system = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return system[1] if system else text.rsplit(": ", maxsplit=1)[-1].strip("()'\" ")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds of a Retry-After header, which may be a date (RFC 9110, 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0)
    except (TypeError, ValueError):
        return None
