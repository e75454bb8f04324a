"""What JupyterLab and VS Code load is committed, and was built from what is committed beside it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
PACKAGE = CHECKOUT / "jupyter_codeserver_proxy"
SETTINGS = ("package.json", "package-lock.json", "tsconfig.json")
SOURCES = {
    "labextension": (*SETTINGS, "install.json", "src/*", "schema/*", f"../{PACKAGE.name}/*.svg"),
    "vscode_extension": (*SETTINGS, "build.mjs", "package.nls.json", "src/**/*"),
}


def relative(files: set[Path]) -> set[str]:
    """Their names in the checkout."""
    return {file.resolve().relative_to(CHECKOUT).as_posix() for file in files if file.is_file()}


@pytest.mark.parametrize("tree", SOURCES)
def test_the_build_is_that_of_the_source(tree: str) -> None:
    """Each source and each built file is the one that the last build has recorded."""
    remedy = f"run `make {tree.replace('_', '-')}` and commit what it changes"
    lines = (CHECKOUT / tree / "built.sha256").read_text().splitlines()
    recorded = {name: digest for digest, name in map(str.split, lines)}
    sources = {file for pattern in SOURCES[tree] for file in (CHECKOUT / tree).glob(pattern)}
    built = set((PACKAGE / tree).rglob("*"))
    assert relative(sources | built) == set(recorded), remedy
    for name, digest in recorded.items():
        assert sha256((CHECKOUT / name).read_bytes()).hexdigest() == digest, f"{name}: {remedy}"


@pytest.mark.parametrize(("tree", "most"), [("labextension", 60_000), ("vscode_extension", 5e6)])
def test_the_build_is_small(tree: str, most: float) -> None:
    """The build has no source map, and no library that the program has itself."""
    assert not list((PACKAGE / tree).rglob("*.map"))
    assert sum(file.stat().st_size for file in (PACKAGE / tree).rglob("*") if file.is_file()) < most
