"""The address that a client sends its load to."""

from __future__ import annotations

from dataclasses import dataclass

from .link import HOST


@dataclass(frozen=True)
class Destination:
    """The address of a server on this machine."""

    port: int
    path: str  # with the query
    headers: dict[str, str]  # for every request, with Jupyter's cookie

    def head(self, **further: str) -> bytes:
        """Returns the head of a GET request, with further headers."""
        fields = {"Host": f"{HOST}:{self.port}", **self.headers, **further}.items()
        lines = (f"GET {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields))
        return "\r\n".join((*lines, "", "")).encode()
