"""Downloads a file over HTTP, and resumes what was interrupted."""

from __future__ import annotations

import os
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from .diagnosis import TransientError, explain, retry_after
from .errors import NetworkError, NoRoomError, VerificationError
from .progress import readable
from .urls import public_url

if TYPE_CHECKING:
    from pathlib import Path

    from .partial import Partial
    from .progress import Report
    from .urls import Token

_CHUNK = 1 << 16  # bytes read at once
_MAX_REDIRECTS = 10
_MAX_BYTES = 4_000_000_000  # from a server that never ends; code-server has about 222 MB
_PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE, _TOO_MANY_REQUESTS = 206, 416, 429
_OK, _SERVER_ERROR = 200, 500


@dataclass(frozen=True)
class Limits:
    """When a download gives up; times are in seconds."""

    connect: float = 10  # without a connection
    stall: float = 30  # without a byte
    total: float = 3600  # retries included
    tries: int = 6  # that fail in a row without any progress
    pause: float = 1  # after the first failure; doubled after each further one
    longest_pause: float = 60


def get_json(url: str, limits: Limits, token: Token) -> Any:  # noqa: ANN401 - JSON is anything
    """Returns the JSON that an API answers with; does not retry.

    Raises:
        NetworkError: The API does not answer with JSON.
    """
    try:
        response = requests.get(
            url,
            auth=token.authorise(url),
            allow_redirects=False,
            timeout=(limits.connect, limits.stall),
        )
        if response.status_code != _OK:
            raise NetworkError(
                f"{public_url(url)}: the server answers {response.status_code} {response.reason}"
            )
        return response.json()
    except (requests.RequestException, ValueError) as error:
        raise NetworkError(f"{public_url(url)}: {explain(error, limits.stall)}") from error


@dataclass(frozen=True)
class Download:
    """A file to download."""

    url: str
    partial: Partial
    size: int | None  # in bytes; None if it is not known
    limits: Limits
    token: Token
    report: Report
    most: int = _MAX_BYTES  # for a file of unknown size

    def fetch(self) -> Path:
        """Downloads the file, resuming an earlier attempt.

        Raises:
            NetworkError: The file is out of reach.
            VerificationError: The file has another size.
            NoRoomError: The disk has too little room.
        """
        deadline = time.monotonic() + self.limits.total
        failures, furthest = 0, 0
        while error := self._attempt(deadline):
            failures = 1 if self.partial.size > furthest else failures + 1
            furthest = max(furthest, self.partial.size)
            self._pause(error, failures, deadline)
        return self.partial.finish()

    def _pause(self, error: TransientError, failures: int, deadline: float) -> None:
        # A host that does not even answer is not worth a minute of waiting.
        tries = self.limits.tries if error.connected else min(self.limits.tries, 2)
        if failures >= tries:
            raise NetworkError(f"{public_url(self.url)}: {error}") from error
        longest = min(self.limits.longest_pause, self.limits.pause * 2 ** (failures - 1))
        jittered = longest * random.uniform(0.5, 1)  # noqa: S311 - spreads clients, no secret
        pause = error.pause if error.pause is not None else jittered
        if time.monotonic() + pause > deadline:
            raise NetworkError(
                f"{public_url(self.url)}: {error}; no time left for another try "
                f"(limit {self.limits.total:g} s)"
            ) from error
        self.report.line(f"{error}; trying again in {pause:.1f} s")
        time.sleep(pause)

    def _attempt(self, deadline: float) -> TransientError | None:
        """Tries once; returns the error if a retry is worth it."""
        notes = self.partial.notes(self.url)
        if notes and self.partial.size == notes["total"]:
            return None
        headers = {"Accept-Encoding": "identity"}
        if notes and notes["validator"]:
            headers["Range"] = f"bytes={self.partial.size}-"
            headers["If-Range"] = notes["validator"]
        try:
            with requests.Session() as session, self._open(session, headers) as response:
                self._receive(response, deadline, resumed="Range" in headers)
        except TransientError as error:
            return error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return explain(error, self.limits.stall)
        except ValueError as error:  # from urllib.parse, for this URL or the target of a redirect
            raise NetworkError(f"not a usable URL: {error}") from error
        return None

    def _open(self, session: requests.Session, headers: dict[str, str]) -> requests.Response:
        url = self.url
        for _ in range(_MAX_REDIRECTS):
            # Each hop is a request of its own, so that its host decides on token and netrc entry.
            response = session.get(
                url,
                headers=headers,
                auth=self.token.authorise(url),
                stream=True,
                allow_redirects=False,
                timeout=(self.limits.connect, self.limits.stall),
            )
            if not response.is_redirect:
                return response
            target = urljoin(url, response.headers["Location"])
            response.close()
            if urlsplit(url).scheme == "https" != urlsplit(target).scheme:
                raise NetworkError(f"{public_url(url)} redirects to a place without TLS: refused")
            url = target
        raise NetworkError(f"{public_url(self.url)}: more than {_MAX_REDIRECTS} redirects")

    def _receive(self, response: requests.Response, deadline: float, *, resumed: bool) -> None:
        self._check_status(response)
        start = self.partial.size if response.status_code == _PARTIAL_CONTENT else 0
        if response.status_code == _PARTIAL_CONTENT and not (
            resumed and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        ):
            self.partial.discard()
            raise TransientError("the server sent another part than was asked for")
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else None
        self._check_size(total)
        if not start:
            self.partial.begin(self.url, response, total)
        require_room(self.partial.path.parent, (total or 0) - start)
        self._copy(response, start, total, deadline)
        if total is not None and self.partial.size < total:
            raise TransientError(f"the stream ended after {readable(self.partial.size)}")
        self._check_size(self.partial.size)

    def _check_status(self, response: requests.Response) -> None:
        status = response.status_code
        if status in (_OK, _PARTIAL_CONTENT):
            return
        reason = f"the server answers {status} {response.reason}"
        if status == _RANGE_NOT_SATISFIABLE:
            self.partial.discard()
            raise TransientError(reason)
        if status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
            raise TransientError(reason, pause=retry_after(response.headers))
        raise NetworkError(f"{public_url(self.url)}: {reason}")

    def _check_size(self, actual: int | None) -> None:
        if actual is not None and (
            actual > self.most or (self.size is not None and actual != self.size)
        ):
            self.partial.discard()
            expected = f"at most {self.most}" if self.size is None else str(self.size)
            raise VerificationError(
                f"{public_url(self.url)} has {actual} bytes where {expected} are expected: refused "
                "and deleted; another file is served there, try another place"
            )

    def _copy(
        self, response: requests.Response, start: int, total: int | None, deadline: float
    ) -> None:
        # `read1` returns what has arrived; `read` would wait until a trickle fills a chunk.
        read = getattr(response.raw, "read1", response.raw.read)
        done, most = start, total or self.size or self.most
        name = os.path.basename(urlsplit(self.url).path)  # noqa: PTH119 - of a URL
        with self.partial.path.open("ab") as file, self.report.meter(name, total, start) as advance:
            while data := read(_CHUNK):
                done += len(data)
                if done > most:
                    self._check_size(done)
                file.write(data)
                advance(len(data))
                if time.monotonic() > deadline:
                    raise NetworkError(
                        f"{public_url(self.url)}: {readable(done)} in {self.limits.total:g} s, "
                        "which is the limit; the same command goes on from there"
                    )


def require_room(folder: Path, count: int) -> None:
    """Raises NoRoomError unless a folder's file system has room for `count` bytes."""
    stat = os.statvfs(folder)
    free = stat.f_bavail * stat.f_frsize
    if free < count:
        raise NoRoomError(
            f"{folder} has {readable(free)} free and {readable(count)} are needed; "
            "make room, or choose another file system with --prefix"
        )
