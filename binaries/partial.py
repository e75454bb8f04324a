"""A partial download on disk, with what is needed to resume it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .urls import public_url

if TYPE_CHECKING:
    from pathlib import Path

    import requests


class Partial:
    """A partial download, and notes beside it on the file that the server has."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._notes = path.with_name(path.name + ".json")

    @property
    def size(self) -> int:
        """The number of bytes on disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    def notes(self, url: str) -> dict[str, Any]:
        """Returns `validator` and `total` if the download can be resumed, else nothing."""
        try:
            notes = json.loads(self._notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        fits = isinstance(notes, dict) and notes.get("url") == public_url(url) and self.size
        return notes if fits else {}

    def begin(self, url: str, response: requests.Response, total: int | None) -> None:
        """Starts from the first byte, and notes how to resume."""
        self.discard()
        # A weak validator does not promise the same bytes (RFC 9110, 13.1.5).
        etag = response.headers.get("ETag", "")
        validator = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
        notes = {"url": public_url(url), "validator": validator, "total": total}
        self._notes.write_text(json.dumps(notes), encoding="utf-8")

    def discard(self) -> None:
        """Deletes the download and its notes."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def finish(self) -> Path:
        """Deletes the notes, and returns the complete file."""
        self._notes.unlink(missing_ok=True)
        return self.path
