"""URLs: what of one may be shown, and which ones get the token."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests


def public_url(url: str) -> str:
    """Removes from a URL what may be secret: user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


@dataclass(frozen=True)
class Token:
    """A bearer token that only some origins get, each a scheme and a host."""

    value: str = field(default="", repr=False)  # empty for none
    origins: frozenset[str] = frozenset({"https://github.com", "https://api.github.com"})

    def authorise(self, url: str) -> Callable[[requests.PreparedRequest], Any] | None:
        """Returns the `auth` argument of `requests` for a URL; None for any other origin."""
        parts = urlsplit(url)
        if not self.value or f"{parts.scheme}://{parts.netloc}" not in self.origins:
            return None

        def add(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {self.value}"
            return request

        return add
