"""Installs a code-server: a working one or none, whatever happens meanwhile."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import IO, TYPE_CHECKING

from . import archive, manifest, npm, program, slim, sources
from .download import Download, Limits, require_room
from .errors import FetchError, NetworkError, NoRoomError, VerificationError
from .partial import Partial
from .platforms import platform_name
from .prefix import HELP, Install, folder_name
from .progress import readable
from .urls import Token, public_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .platforms import Machine
    from .prefix import Prefix
    from .progress import Report
    from .releases import Catalogue


@dataclass(frozen=True)
class Request:
    """The user's request."""

    version: str | None = None  # None for the default
    source: str = "auto"  # or `release`, `npm`, a URL template, a local tarball
    sha256: str | None = None  # of a tarball that is not pinned, in hex
    slim: bool = False  # whether to remove what a class does not need
    node: Path | None = None  # for `npm`; None to fetch one
    cache: Path | None = None  # of tarballs, read and kept; None for neither
    offline: bool = False  # whether to use no network
    lock_timeout: float = 1800  # seconds to wait for another install in the same prefix
    limits: Limits = field(default_factory=Limits)
    token: Token = field(default_factory=Token)  # for the release's origin


@dataclass(frozen=True)
class Outcome:
    """The install in use now."""

    install: Install
    fresh: bool  # made just now
    saved: int = 0  # bytes that `slim` removed


def install(
    request: Request, prefix: Prefix, machine: Machine, catalogue: Catalogue, report: Report
) -> Outcome:
    """Installs a code-server if it is missing, and links the prefix's `bin/code-server` to it.

    Raises:
        FetchError: The install failed, for the reason that the subclass tells; no part is left.
    """
    maker = _Maker(request, prefix, machine, catalogue, report)
    present = prefix.find(maker.name)
    if present and prefix.current() == present:
        return Outcome(present, fresh=False)
    with _plain_errors(prefix), prefix.locked(request.lock_timeout, report):
        prefix.require_own(maker.name)
        prefix.clean()
        # Another process may have installed it while this one waited.
        present = prefix.find(maker.name)
        outcome = Outcome(present, fresh=False) if present else maker.make()
        prefix.use(outcome.install)
    return outcome


@contextmanager
def _plain_errors(prefix: Prefix) -> Iterator[None]:
    """Turns errors of the operating system into one line for a person."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise NoRoomError(
                f"{prefix.path}: {error.strerror}; make room, or choose another place with --prefix"
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST):
            raise FetchError(
                f"cannot write {error.filename or prefix.path} ({error.strerror}); "
                "choose another place with --prefix"
            ) from error
        raise


@dataclass(frozen=True)
class _Origin:
    """The origin of an install, for its marker."""

    source: str
    url: str
    sha256: str | None
    integrity: str | None


class _Maker:
    """Makes an install while the prefix is locked."""

    def __init__(
        self,
        request: Request,
        prefix: Prefix,
        machine: Machine,
        catalogue: Catalogue,
        report: Report,
    ) -> None:
        self.request = request
        self.prefix = prefix
        self.catalogue = catalogue
        self.report = report
        self.version = request.version or catalogue.default
        self.platform = platform_name(machine)
        self.name = folder_name(self.version, self.platform)
        catalogue.refuse_known_bad(self.version, self.platform)

    def make(self) -> Outcome:
        """Fetches, verifies, unpacks and tries a code-server, and moves it into its place."""
        request = self.request
        choice = sources.choose(
            request.source, self.version, self.platform, request.sha256, self.catalogue
        )
        if request.offline:
            choice = sources.Choice(sources.offline(choice.tarball, self._cached()), None)
        with self.prefix.scratch() as scratch:
            made = scratch / "code-server"
            origin = self._fill(made, scratch, choice)
            saving = slim.slim(made, self.platform) if request.slim else slim.Saving(0, 0)
            if request.slim:
                self.report.line(f"slim: left out {readable(saving.size)} ({saving.files} files)")
            self._try(made, scratch)
            found = manifest.survey(made)
            done = Install(
                version=self.version,
                platform=self.platform,
                source=origin.source,
                url=origin.url,
                sha256=origin.sha256,
                integrity=origin.integrity,
                slim=request.slim,
                size=found.size,
                installed=datetime.now(timezone.utc).isoformat(timespec="seconds"),
                manifest=manifest.record(made, found),
            )
            self.prefix.settle(made, done)
        return Outcome(done, fresh=True, saved=saving.size)

    def _fill(self, made: Path, scratch: Path, choice: sources.Choice) -> _Origin:
        """Fills a new folder from the first source that is in reach."""
        if choice.tarball:
            try:
                return self._from_tarball(made, choice.tarball)
            except NetworkError as error:
                if not choice.npm:
                    raise
                self.report.line(f"{error}; taking code-server {self.version} from npm instead")
        if not choice.npm:
            raise self.catalogue.unknown(self.version, self.platform)
        wheel = self.catalogue.node_wheel(choice.npm.node, self.platform)
        recipe = npm.Recipe(choice.npm, self.platform, self.request.node, wheel)
        npm.make(recipe, made, scratch, self.report)
        return _Origin("npm", f"npm:code-server@{self.version}", None, choice.npm.integrity)

    def _from_tarball(self, made: Path, tarball: sources.Tarball) -> _Origin:
        path = self._fetched(tarball)
        with path.open("rb") as stream:
            # The open file that was verified is the one that is unpacked.
            self._verify(stream, path, tarball)
            self.report.line(f"unpacking code-server {self.version}")
            contents = archive.inspect(stream)
            require_room(made.parent, contents.size)
            archive.write(stream, contents, made)
        if path.parent == self.prefix.downloads:
            path.unlink()
        return _Origin(tarball.source, _display(tarball.place), tarball.sha256, None)

    def _fetched(self, tarball: sources.Tarball) -> Path:
        """Returns the tarball as a file on this machine, not verified yet."""
        if isinstance(tarball.place, Path):
            return tarball.place
        cached = self._cached()
        if cached and cached.is_file():
            self.report.line(f"taking {cached}")
            return cached
        # Named by hash, so that a download is never resumed with another file.
        partial = Partial(self.prefix.downloads / f"{tarball.sha256}.tar.gz")
        self.report.line(f"fetching {public_url(tarball.place)}")
        try:
            limits, token = self.request.limits, self.request.token
            download = Download(tarball.place, partial, tarball.size, limits, token, self.report)
            path = download.fetch()
        except (NoRoomError, OSError):
            partial.discard()
            raise
        return self._kept(path, tarball, cached) if cached else path

    def _cached(self) -> Path | None:
        name = sources.file_name(self.version, self.platform)
        return self.request.cache.expanduser() / name if self.request.cache else None

    def _kept(self, path: Path, tarball: sources.Tarball, cached: Path) -> Path:
        """Verifies a download, and moves it into the cache atomically."""
        with path.open("rb") as stream:
            self._verify(stream, path, tarball)
        cached.parent.mkdir(parents=True, exist_ok=True)
        new = cached.with_name(f".{cached.name}.{os.getpid()}")
        try:
            new.write_bytes(path.read_bytes())
            new.replace(cached)
        finally:
            new.unlink(missing_ok=True)
        path.unlink()
        return cached

    def _verify(self, stream: IO[bytes], path: Path, tarball: sources.Tarball) -> None:
        actual = manifest.digest_of(stream).hex()
        if actual == tarball.sha256:
            return
        ours = path.parent == self.prefix.downloads
        if ours:
            path.unlink()
        raise VerificationError(
            f"{_display(tarball.place)} has sha256 {actual} where "
            f"{tarball.sha256} is expected: refused{' and deleted' if ours else ''}, nothing "
            "unpacked; another file is served there, or it was changed on the way"
        )

    def _try(self, made: Path, scratch: Path) -> None:
        """Runs the new code-server, and checks the version that it prints.

        Raises:
            VerificationError: It does not run, or prints another version.
        """
        executable = made / "bin" / "code-server"
        if not os.access(executable, os.X_OK):
            raise VerificationError("the archive has no executable bin/code-server: refused")
        found = program.version_of(executable, scratch)
        if found != self.version:
            raise VerificationError(
                f"the new code-server says it is {found or 'nothing'}, not {self.version}: refused"
            )
        # Kept for the extension, which needs the flags at each start: asking takes a second.
        help_text = program.ask(executable, "--help", scratch)
        (made / HELP).write_text(help_text, encoding="utf-8")


def _display(place: str | Path) -> str:
    """Returns the place of a tarball as a URL without secrets."""
    return place.absolute().as_uri() if isinstance(place, Path) else public_url(place)
