"""Asks a gallery for VS Code extensions, and chooses versions for the image.

VS Code's own protocol is used (`extensionquery`), which Open VSX answers as well.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

UNIVERSAL = "universal"
MACHINES = ("linux-x64", "linux-arm64")

_BY_NAME = 7
_FLAGS = 0x1 | 0x2 | 0x10  # all versions, their files, their properties
_ACCEPT = "application/json;api-version=3.0-preview.1"
_VSIX = "Microsoft.VisualStudio.Services.VSIXPackage"
_PROPERTY = "Microsoft.VisualStudio.Code."
_TIMEOUT = 60  # seconds without a byte
_BLOCK = 1 << 20


class GalleryError(Exception):
    """A gallery does not answer as expected; the message is one line for a person."""


@dataclass(frozen=True)
class Offer:
    """A version of an extension for a platform."""

    identifier: str  # publisher and name, for example "ms-python.python"
    version: str  # for example "2026.4.0"
    platform: str  # "universal", or for example "linux-x64"
    url: str  # of its .vsix
    engine: str  # the versions of VS Code that it is for, for example "^1.95.0"
    needs: tuple[str, ...] = ()  # the extensions that it depends on
    is_preview: bool = False


def ask(gallery: str, identifier: str) -> list[Offer]:
    """Returns all offers of an extension; none if the gallery does not know it.

    The gallery's address is the `serviceUrl` of code-server's `EXTENSIONS_GALLERY`.

    Raises:
        GalleryError: the gallery does not answer, or not as a gallery does.
    """
    criteria = [{"filterType": _BY_NAME, "value": identifier}]
    query = {"filters": [{"criteria": criteria, "pageNumber": 1, "pageSize": 1}], "flags": _FLAGS}
    url = f"{gallery.rstrip('/')}/extensionquery"
    try:
        answer = requests.post(url, json=query, headers={"Accept": _ACCEPT}, timeout=_TIMEOUT)
        answer.raise_for_status()
        return list(offers(answer.json()))
    except (requests.RequestException, LookupError, TypeError) as error:
        raise GalleryError(f"{url} does not answer as a gallery does: {error!r}") from error


def offers(answer: Mapping[str, Any]) -> Iterator[Offer]:
    """Yields the offers in an answer that have a file."""
    for extension in answer["results"][0]["extensions"]:
        publisher = extension["publisher"]["publisherName"]
        for version in extension["versions"]:
            files = {file["assetType"]: file["source"] for file in version.get("files", ())}
            properties = {entry["key"]: entry["value"] for entry in version.get("properties", ())}
            needs = properties.get(f"{_PROPERTY}ExtensionDependencies", "")
            if _VSIX in files:
                yield Offer(
                    f"{publisher}.{extension['extensionName']}".lower(),
                    version["version"],
                    version.get("targetPlatform") or UNIVERSAL,
                    files[_VSIX],
                    properties.get(f"{_PROPERTY}Engine", "*"),
                    tuple(need.lower() for need in needs.split(",") if need),
                    properties.get(f"{_PROPERTY}PreRelease") == "true",
                )


def chosen(offered: Iterable[Offer], code: str) -> list[Offer]:
    """Returns the newest offer for each machine that the image is built for, each offer once.

    `code` is the version of VS Code in the image.
    """
    limit = _numbers(code)
    fitting = [
        offer for offer in offered if not offer.is_preview and _numbers(offer.engine) <= limit
    ]
    found: dict[Offer, None] = {}
    for machine in MACHINES:
        usable = [offer for offer in fitting if offer.platform in {machine, UNIVERSAL}]
        if usable:
            # The machine's own build wins a tie: the universal one may lack compiled parts.
            newest = max(
                usable, key=lambda offer: (_numbers(offer.version), offer.platform == machine)
            )
            found[newest] = None
    return list(found)


def digest(url: str) -> str:
    """Returns the sha256 of the file at an address, in hexadecimal.

    Raises:
        GalleryError: the file is out of reach.
    """
    found = hashlib.sha256()
    try:
        with requests.get(url, stream=True, timeout=_TIMEOUT) as answer:
            answer.raise_for_status()
            for block in answer.iter_content(_BLOCK):
                found.update(block)
    except requests.RequestException as error:
        raise GalleryError(f"{url} cannot be fetched: {error}") from error
    return found.hexdigest()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])
