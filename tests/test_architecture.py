"""Holds the imports of each tree to the layers that CONTRIBUTING lists."""

from __future__ import annotations

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[1]
CONTRIBUTING = (CHECKOUT / "CONTRIBUTING.md").read_text()
TREES = ("jupyter_codeserver_proxy", "binaries", "z2jh", "benchmarks")
MOST_LINES = 300


def layers() -> dict[str, list[list[str]]]:
    """Reads the block below `### Layers`: the layers of each package, the uppermost first."""
    block = CONTRIBUTING.partition("### Layers\n")[2].partition("```\n")[2].partition("```")[0]
    found: dict[str, list[list[str]]] = {}
    inner: list[list[str]] = []
    for line in block.splitlines():
        if line.startswith(" "):
            inner.append(line.split())
        else:
            inner = found[line] = []
    return found


def modules(tree: str) -> dict[str, Path]:
    """Returns the modules of a tree by their dotted names."""
    names = {}
    for file in sorted((CHECKOUT / tree).rglob("*.py")):
        parts = file.relative_to(CHECKOUT).with_suffix("").parts
        names[".".join(parts).removesuffix(".__init__")] = file
    return names


def imported(name: str, file: Path) -> set[str]:
    """Returns the modules that a module imports, also for type checking alone."""
    package = name if file.stem == "__init__" else name.rpartition(".")[0]
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")
            above = parents[: len(parents) + 1 - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            found |= {base, *(f"{base}.{alias.name}" for alias in node.names)}
    # The fetcher is installed below the extension.
    return {module.replace("jupyter_codeserver_proxy.binaries", "binaries") for module in found}


FILES = {name: file for tree in TREES for name, file in modules(tree).items()}
# Packages' own modules hold docstrings, which nobody imports.
IMPORTS = {
    name: {used for used in imported(name, file) & FILES.keys() if FILES[used].stem != "__init__"}
    for name, file in FILES.items()
}


def test_no_imports_are_circular() -> None:
    """Each module can be read before those that import it."""
    TopologicalSorter(IMPORTS).prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("package", layers())
def test_imports_go_from_an_upper_layer_to_a_lower_one(package: str) -> None:
    """A module imports its own folder and lower layers, and each folder has its layer."""
    rank = {part: number for number, line in enumerate(layers()[package]) for part in line}

    def part(module: str) -> str:
        return module.removeprefix(f"{package}.").partition(".")[0]

    inside = {name for name in FILES if name.startswith(f"{package}.")}
    assert {part(name) for name in inside} == rank.keys()
    wrong = [
        f"{name} imports {used}"
        for name in inside
        for used in IMPORTS[name] & inside
        if part(name) != part(used) and rank[part(name)] >= rank[part(used)]
    ]
    assert not wrong


def test_trees_do_not_import_each_other() -> None:
    """The command line knows the fetcher, and benchmarks know what they measure."""
    found = {
        (name, used.partition(".")[0])
        for name in FILES
        for used in IMPORTS[name]
        if not used.startswith(name.partition(".")[0]) and not name.startswith("benchmarks.")
    }
    package = "jupyter_codeserver_proxy"
    assert found == {
        (f"{package}.{module}", "binaries") for module in ("__main__", "cli.extensions")
    }


@pytest.mark.parametrize("name", FILES)
def test_a_module_is_short(name: str) -> None:
    """A module that grows beyond this has a second subject."""
    assert len(FILES[name].read_text().splitlines()) <= MOST_LINES


def test_what_contributing_names_exists() -> None:
    """Each file and each function that it names is there."""
    code = "\n".join(file.read_text() for file in FILES.values())
    defined = set(re.findall(r"(?:def|class) (\w+)", code))
    named = set(re.findall(r"`(?:\w+\.)*(\w+)\(\)`", CONTRIBUTING))
    assert named <= defined
