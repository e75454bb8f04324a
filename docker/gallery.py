"""What a gallery of VS Code's extensions offers, and what of it an image takes.

The protocol is the one that VS Code speaks (`extensionquery`); Open VSX answers it, too.
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
    """A gallery does not give what is asked of it; the message is one line for a person."""


@dataclass(frozen=True)
class Offer:
    """A version of an extension for a platform.

    Attributes:
        identifier: publisher and name, as in "ms-python.python".
        version: as in "2026.4.0".
        platform: "universal", or a machine's, as in "linux-x64".
        url: of its .vsix.
        engine: the VS Code that it is for, as in "^1.95.0".
        needs: other extensions that it does not run without.
        is_preview: not meant for everybody yet.
    """

    identifier: str
    version: str
    platform: str
    url: str
    engine: str
    needs: tuple[str, ...] = ()
    is_preview: bool = False


def ask(gallery: str, identifier: str) -> list[Offer]:
    """Everything that a gallery has of an extension; nothing, where it does not know it.

    Args:
        gallery: its address: `serviceUrl` of code-server's `EXTENSIONS_GALLERY`.
        identifier: of the extension.

    Raises:
        GalleryError: it does not answer, or not as a gallery does.
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
    """What stands in an answer, as far as there is a file of it."""
    for extension in answer["results"][0]["extensions"]:
        publisher = extension["publisher"]["publisherName"]
        for version in extension["versions"]:
            files = {each["assetType"]: each["source"] for each in version.get("files", ())}
            told = {each["key"]: each["value"] for each in version.get("properties", ())}
            needs = told.get(f"{_PROPERTY}ExtensionDependencies", "")
            if _VSIX in files:
                yield Offer(
                    f"{publisher}.{extension['extensionName']}".lower(),
                    version["version"],
                    version.get("targetPlatform") or UNIVERSAL,
                    files[_VSIX],
                    told.get(f"{_PROPERTY}Engine", "*"),
                    tuple(each.lower() for each in needs.split(",") if each),
                    told.get(f"{_PROPERTY}PreRelease") == "true",
                )


def chosen(offered: Iterable[Offer], code: str) -> list[Offer]:
    """The newest offer for each machine that the image is built for; one that fits all is once.

    Args:
        offered: of one extension.
        code: the version of VS Code that it has to run in.
    """
    fitting = [it for it in offered if not it.is_preview and _numbers(it.engine) <= _numbers(code)]
    found: dict[Offer, None] = {}
    for machine in MACHINES:
        # For this very machine before the one for all, which may lack what is compiled.
        usable = [it for it in fitting if it.platform in {machine, UNIVERSAL}]
        if usable:
            found[max(usable, key=lambda it: (_numbers(it.version), it.platform == machine))] = None
    return list(found)


def digest(url: str) -> str:
    """The sha256 of what is at an address, in hexadecimal.

    Raises:
        GalleryError: it cannot be had.
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
