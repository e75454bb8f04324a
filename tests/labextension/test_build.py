"""What JupyterLab loads is committed, and was built from what is committed beside it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
RECORD = CHECKOUT / "labextension" / "built.sha256"
BUILT = CHECKOUT / "jupyter_codeserver_proxy" / "labextension"
SOURCES = (
    "install.json",
    "package.json",
    "package-lock.json",
    "tsconfig.json",
    "src/*",
    "schema/*",
)

REMEDY = "run `make labextension` and commit what it changes"


def relative(files: set[Path]) -> set[str]:
    """Their names in the checkout."""
    return {file.relative_to(CHECKOUT).as_posix() for file in files}


def test_the_build_is_that_of_the_source() -> None:
    """Each source and each built file is the one that the last build has recorded."""
    recorded = {name: digest for digest, name in map(str.split, RECORD.read_text().splitlines())}
    sources = {file for pattern in SOURCES for file in (RECORD.parent).glob(pattern)}
    icon = CHECKOUT / "jupyter_codeserver_proxy" / "vscode.svg"
    built = {file for file in BUILT.rglob("*") if file.is_file()}
    assert relative(sources | built | {icon}) == set(recorded), REMEDY
    for name, digest in recorded.items():
        assert sha256((CHECKOUT / name).read_bytes()).hexdigest() == digest, f"{name}: {REMEDY}"


def test_the_build_is_small() -> None:
    """It is loaded with every JupyterLab: no source map, no library that JupyterLab has itself."""
    assert not list(BUILT.rglob("*.map"))
    assert sum(file.stat().st_size for file in BUILT.rglob("*") if file.is_file()) < 60_000
