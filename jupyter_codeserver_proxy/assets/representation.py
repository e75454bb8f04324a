"""Finds the representation of an asset that a client is sent: a file, its encoding and ETag."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .files import Asset, AssetRoot, is_compressible, locate, resolve
from .negotiation import accepted_encodings

if TYPE_CHECKING:
    from pathlib import Path

    from .index import AssetCache


@dataclass(frozen=True)
class Representation:
    """An asset in one encoding.

    Attributes:
        asset: the asset.
        file: the file with the bytes that are sent.
        size: the size of that file, in bytes.
        etag: a strong validator: it differs wherever the bytes do.
        encoding: the content coding; None for the asset as it is.
    """

    asset: Asset
    file: Path
    size: int
    etag: str
    encoding: str | None


def find_representation(
    root: AssetRoot, cache: AssetCache, path: str, accept_encoding: str
) -> Representation | None:
    """Returns the representation that answers a request. Reads from disk.

    Returns None if code-server must answer. That includes assets that are not compressed yet: on a
    slow link code-server's compressed answer arrives sooner than the file as it is.

    Args:
        root: the installation that is served.
        cache: its compressed assets.
        path: the path below code-server's address, percent-encoded.
        accept_encoding: the Accept-Encoding header.

    Raises:
        UnsafePathError: the path leads out of the folders that are served.
    """
    asset = locate(root, path)
    file = resolve(root, asset) if asset else None
    if not asset or not file:
        return None
    status = file.stat()
    etag = f'"{status.st_mtime_ns:x}-{status.st_size:x}"'
    plain = Representation(asset, file, status.st_size, etag, None)
    accepted = accepted_encodings(accept_encoding)
    if not accepted or not is_compressible(asset.path, plain.size):
        return plain
    forms = cache.find(asset.path, plain.size)
    if forms is None:
        return None
    for encoding in accepted:
        if encoding in forms:
            file, form = forms[encoding]
            return Representation(asset, file, form.size, f'"{form.digest[:32]}"', encoding)
    return plain
