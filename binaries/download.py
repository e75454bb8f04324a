"""A file over HTTP, resumable: the only module that speaks it."""

from __future__ import annotations

import email.utils
import json
import os
import random
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
import urllib3

from .errors import NetworkError, NoRoomError, VerificationError
from .progress import readable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from .progress import Report

_CHUNK = 1 << 16
_MOST_REDIRECTS = 10
# A tarball of code-server has about 222 MB; a server that never ends is stopped here.
_MOST_BYTES = 4_000_000_000
_PARTIAL_CONTENT, _RANGE_NOT_SATISFIABLE, _TOO_MANY_REQUESTS = 206, 416, 429
_OK, _SERVER_ERROR = 200, 500


@dataclass(frozen=True)
class Limits:
    """How patient a download is.

    Attributes:
        connect: Seconds to connect.
        stall: Seconds without a byte.
        total: Seconds for the whole download, retries included.
        tries: Failures in a row, without any progress in between, that are too many.
        pause: Seconds after the first failure; doubled after each further one.
        longest_pause: Seconds that the doubling stops at.
    """

    connect: float = 10
    stall: float = 30
    total: float = 3600
    tries: int = 6
    pause: float = 1
    longest_pause: float = 60


@dataclass(frozen=True)
class Token:
    """A bearer token, and the only origins that are shown it.

    Attributes:
        value: Empty when there is none.
        origins: Scheme and host.
    """

    value: str = field(default="", repr=False)
    origins: frozenset[str] = frozenset({"https://github.com", "https://api.github.com"})

    def authorise(self, url: str) -> Callable[[requests.PreparedRequest], Any] | None:
        """Give what `requests` takes as `auth` for one URL, None for any other origin."""
        parts = urlsplit(url)
        if not self.value or f"{parts.scheme}://{parts.netloc}" not in self.origins:
            return None

        def add(request: requests.PreparedRequest) -> requests.PreparedRequest:
            request.headers["Authorization"] = f"Bearer {self.value}"
            return request

        return add


class _TransientError(Exception):
    """Worth another try, after a pause in seconds if the server named one."""

    def __init__(self, reason: str, *, pause: float | None = None, connected: bool = True) -> None:
        super().__init__(reason)
        self.pause = pause
        self.connected = connected


class Partial:
    """The part of a download that is on disk, and what is needed to go on with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._notes = path.with_name(path.name + ".json")

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return self.path.stat().st_size if self.path.exists() else 0

    def notes(self, url: str) -> dict[str, Any]:
        """Give `validator` and `total` of a part that can be gone on with, else nothing."""
        try:
            notes = json.loads(self._notes.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        fits = isinstance(notes, dict) and notes.get("url") == public_url(url) and self.size
        return notes if fits else {}

    def begin(self, url: str, response: requests.Response, total: int | None) -> None:
        """Start anew."""
        self.discard()
        # A weak validator does not promise the same bytes (RFC 9110, 13.1.5).
        etag = response.headers.get("ETag", "")
        validator = etag if etag.startswith('"') else response.headers.get("Last-Modified", "")
        notes = {"url": public_url(url), "validator": validator, "total": total}
        self._notes.write_text(json.dumps(notes), encoding="utf-8")

    def discard(self) -> None:
        """Forget everything."""
        self.path.unlink(missing_ok=True)
        self._notes.unlink(missing_ok=True)

    def finish(self) -> Path:
        """Give the whole file."""
        self._notes.unlink(missing_ok=True)
        return self.path


def public_url(url: str) -> str:
    """Leave out of a URL what may be a secret: user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def get_json(url: str, limits: Limits, token: Token) -> Any:  # noqa: ANN401 - JSON is anything
    """Ask an API once.

    Raises:
        NetworkError: It does not answer with JSON.
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
        raise NetworkError(f"{public_url(url)}: {_explain(error, limits)}") from error


@dataclass(frozen=True)
class Download:
    """One file to fetch.

    Attributes:
        url: Where it is.
        partial: Where it goes.
        size: What it must have in bytes, None where that is not known.
        limits: How patient to be.
        token: Shown to its own origins alone.
        report: Told how it goes.
        most: Bytes that it may have, where its size is not known.
    """

    url: str
    partial: Partial
    size: int | None
    limits: Limits
    token: Token
    report: Report
    most: int = _MOST_BYTES

    def fetch(self) -> Path:
        """Fetch it, going on where an earlier try stopped.

        Raises:
            NetworkError: It cannot be had.
            VerificationError: It has another size.
            NoRoomError: The disk has too little room for it.
        """
        deadline = time.monotonic() + self.limits.total
        failures, furthest = 0, 0
        while error := self._failure(deadline):
            failures = 1 if self.partial.size > furthest else failures + 1
            furthest = max(furthest, self.partial.size)
            self._pause(error, failures, deadline)
        return self.partial.finish()

    def _pause(self, error: _TransientError, failures: int, deadline: float) -> None:
        # Nobody there at all: not worth a minute of waiting.
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

    def _failure(self, deadline: float) -> _TransientError | None:
        """Try once; gives what is worth another try."""
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
        except _TransientError as error:
            return error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            return _explain(error, self.limits)
        except ValueError as error:  # urllib.parse's, of this URL or of one it is redirected to
            raise NetworkError(f"not a usable URL: {error}") from error
        return None

    def _open(self, session: requests.Session, headers: dict[str, str]) -> requests.Response:
        url = self.url
        for _ in range(_MOST_REDIRECTS):
            # Each hop is a request of its own: a token or a netrc entry is chosen anew by its host.
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
        raise NetworkError(f"{public_url(self.url)}: more than {_MOST_REDIRECTS} redirects")

    def _receive(self, response: requests.Response, deadline: float, *, resumed: bool) -> None:
        self._check_status(response)
        start = self.partial.size if response.status_code == _PARTIAL_CONTENT else 0
        if response.status_code == _PARTIAL_CONTENT and not (
            resumed and response.headers.get("Content-Range", "").startswith(f"bytes {start}-")
        ):
            self.partial.discard()
            raise _TransientError("the server sent another part than was asked for")
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else None
        self._check_size(total)
        if not start:
            self.partial.begin(self.url, response, total)
        require_room(self.partial.path.parent, (total or 0) - start)
        self._copy(response, start, total, deadline)
        if total is not None and self.partial.size < total:
            raise _TransientError(f"the stream ended after {readable(self.partial.size)}")
        self._check_size(self.partial.size)

    def _check_status(self, response: requests.Response) -> None:
        status = response.status_code
        if status in (_OK, _PARTIAL_CONTENT):
            return
        reason = f"the server answers {status} {response.reason}"
        if status == _RANGE_NOT_SATISFIABLE:
            self.partial.discard()
            raise _TransientError(reason)
        if status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR:
            raise _TransientError(reason, pause=_retry_after(response))
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
        # read1 gives what has come; read would wait for a whole chunk of a trickle.
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


def _explain(error: Exception, limits: Limits) -> _TransientError:
    """Turn what `requests` says into what a person understands.

    Raises:
        NetworkError: Another try would end in the same way.
    """
    cause = error.args[0] if error.args else error
    reason = getattr(cause, "reason", None) or cause
    if isinstance(error, requests.exceptions.SSLError):
        raise NetworkError(f"TLS fails ({reason}); if a proxy is at work, set REQUESTS_CA_BUNDLE")
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        raise NetworkError(f"not a usable URL: {error}")
    through = _through_a_proxy(error)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        said = (
            f"no connection{through} ({_short(reason.original_error)}); see HTTPS_PROXY, NO_PROXY"
        )
        return _TransientError(said, connected=False)
    unconnected = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
    )
    if isinstance(reason, unconnected):
        return _TransientError(f"no connection ({_short(reason)})", connected=False)
    if "timed out" in str(error).lower():
        return _TransientError(f"no byte for {limits.stall:g} s{through}")
    return _TransientError(f"the connection broke{through} ({_short(reason)})")


def _through_a_proxy(error: Exception) -> str:
    """Name the proxy that a request was to go through, without its password; empty: none."""
    url = str(getattr(getattr(error, "request", None), "url", ""))
    proxies = requests.utils.get_environ_proxies(url, no_proxy=None)
    proxy = requests.utils.select_proxy(url, proxies)
    return f" through the proxy {public_url(proxy)}" if proxy else ""


def _short(reason: object) -> str:
    """Keep what a person understands of a nested error: the system's words, or its last clause."""
    text = str(reason)
    system = re.search(r"\[Errno -?\d+\] ([^'\")]+)", text)
    return system[1] if system else text.rsplit(": ", maxsplit=1)[-1].strip("()'\" ")


def _retry_after(response: requests.Response) -> float | None:
    """Read Retry-After in seconds, given as such or as a date (RFC 9110, 10.2.3)."""
    text = response.headers.get("Retry-After", "").strip()
    if text.isdigit():
        return float(text)
    try:
        return max(email.utils.parsedate_to_datetime(text).timestamp() - time.time(), 0)
    except (TypeError, ValueError):
        return None


def require_room(folder: Path, count: int) -> None:
    """See that a file system has room for a number of bytes.

    Raises:
        NoRoomError: It has not.
    """
    stat = os.statvfs(folder)
    free = stat.f_bavail * stat.f_frsize
    if free < count:
        raise NoRoomError(
            f"{folder} has {readable(free)} free and {readable(count)} are needed; "
            "make room, or choose another file system with --prefix"
        )
