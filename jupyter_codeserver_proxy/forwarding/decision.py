"""The decision to forward a request: where to, and what happens to its response."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from .framing import ResponseHead
    from .upstream import Upstream


@dataclass(frozen=True, kw_only=True)
class Forward:
    """Forwards a request, and passes its response on unchanged; subclasses change it.

    Attributes:
        upstream: the server to ask.
        target: the request target to ask for, below our prefix.
        on_delay: called when upstream has not responded for 3 s, and again every 3 s.
    """

    upstream: Upstream
    target: str
    on_delay: Callable[[], None] = lambda: None

    def internal_redirect(self, head: ResponseHead) -> Forward | None:  # noqa: ARG002 -- for subclasses
        """Returns the request to send instead of passing this response on, or None."""
        return None

    def header_lines(self, head: ResponseHead) -> list[bytes]:  # noqa: ARG002 -- for subclasses
        """Returns field lines to add to this response."""
        return []

    def rewrite(self, head: ResponseHead) -> Callable[[bytes], bytes] | None:  # noqa: ARG002 -- for subclasses
        """Returns the function that rewrites this response's body, or None to pass it on."""
        return None
