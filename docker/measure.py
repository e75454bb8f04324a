"""Measures the image: `python docker/measure.py` prints sizes, starts, memory and build times.

`--builds` measures builds, which takes as long as a build from nothing. That one does not use the
engine's cache, and leaves it as it is.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).parent
TARGETS = ("base", "scipy", "datascience", "coding")
PATIENCE = 60  # seconds
MEGABYTE = 1e6
_EXTENSION = HERE.parent / "jupyter_codeserver_proxy" / "__init__.py"


@dataclass(frozen=True)
class Figure:
    """A figure."""

    what: str
    value: float
    unit: str
    limit: float | None = None  # the greatest value that is good; None if any is

    @property
    def is_met(self) -> bool:
        """Whether the value is within the limit."""
        return self.limit is None or self.value <= self.limit


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints; returns 0, or 1 if a limit is missed and `--check` was given."""
    parser = argparse.ArgumentParser(prog="python docker/measure.py", description=__doc__)
    parser.add_argument("--image", default="jupyter-codeserver:coding")
    parser.add_argument("--repeat", type=int, default=5, help="starts (default: %(default)s)")
    parser.add_argument("--builds", action="store_true", help="measure builds: many minutes")
    parser.add_argument("--build-arg", action="append", default=[], help="for --builds")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a limit is missed")
    options = parser.parse_args(arguments)
    engine = _output([str(HERE / "engine"), "which"])
    figures = [*sizes(engine, options.image), *starts(engine, options.image, options.repeat)]
    if options.builds:
        figures += builds(engine, options.image, options.build_arg)
    if options.json:
        print(json.dumps([figure.__dict__ for figure in figures], indent=1))  # noqa: T201 -- a program's output
    else:
        print(table(figures))  # noqa: T201 -- likewise
    return 1 if options.check and not all(figure.is_met for figure in figures) else 0


def table(figures: Sequence[Figure]) -> str:
    """Returns the figures as a table in Markdown."""
    lines = ["| | measured | to reach |", "|---|---:|---|"]
    for figure in figures:
        limit = "" if figure.limit is None else f"<= {figure.limit:,g} {figure.unit}"
        missed = "" if figure.is_met else " **missed**"
        value = f"{figure.value:,.1f}" if figure.value < 100 else f"{figure.value:,.0f}"  # noqa: PLR2004 -- three digits
        lines.append(f"| {figure.what} | {value} {figure.unit} | {limit}{missed} |")
    return "\n".join(lines)


def sizes(engine: str, image: str) -> list[Figure]:
    """Measures the size of each target that has been built, and of the image's layers."""
    name = image.partition(":")[0]
    result = []
    for target in TARGETS:
        found = f"{name}:{target}"
        done = subprocess.run([engine, "image", "inspect", found], capture_output=True, check=False)
        if done.returncode == 0:
            size = json.loads(done.stdout)[0]["Size"] / MEGABYTE
            result.append(Figure(target, size, "MB", 4900 if target == "coding" else None))
    for size, what in layers(engine, image):
        result.append(Figure(f"layer: {what}", size / MEGABYTE, "MB"))
    return result


def layers(engine: str, image: str) -> list[tuple[int, str]]:
    """Returns the bytes of each layer that matters and what made it, from first to last."""
    form = "{{.Size}}\t{{.CreatedBy}}"
    command = [engine, "history", "--no-trunc", "--human=false", "--format", form, image]
    result = []
    for line in reversed(_output(command).splitlines()):
        size, _, by = line.partition("\t")
        if int(size) > 10_000:  # noqa: PLR2004 -- bytes; nobody waits for a smaller layer
            result.append((int(size), _described(by)))
    return result


def _described(step: str) -> str:
    words = [word for word in step.replace("|", " ").split() if word not in {"RUN", "&&", "#"}]
    text = " ".join(words)
    for start in ("COPY", "apt-get install --yes --no-install-recommends", "--requirement"):
        _, found, rest = text.partition(start)
        if found:
            return f"{start.split()[0].strip('-')} {rest.strip()}"[:60]
    return text[:60] or "base image"


def starts(engine: str, image: str, repeat: int) -> list[Figure]:
    """Measures the time from `docker run` to the first answers, and an idle container's memory."""
    answers, ready, memory = [], [], []
    for _ in range(repeat):
        began = time.perf_counter()
        with _container(engine, image) as (name, address):
            _await(lambda: _get(f"{address}/api"))
            answers.append(time.perf_counter() - began)
            memory.append(_memory(engine, name))
            asked = time.perf_counter()
            _await(lambda: _get(f"{address}/codeserver/healthz?token=t"))
            ready.append(time.perf_counter() - asked)
    return [
        Figure("docker run to the first answer", statistics.median(answers), "s", 3),
        Figure("from there to an answer of code-server", statistics.median(ready), "s"),
        Figure("memory of an idle container", statistics.median(memory), "MB"),
    ]


def builds(engine: str, image: str, arguments: Sequence[str]) -> list[Figure]:
    """Measures a build from nothing, one after a change of the extension, and one of nothing."""
    target = image.rpartition(":")[2]
    options = [option for argument in arguments for option in ("--build-arg", argument)]
    cold = _build(target, *options, "--no-cache")
    before = {layer for layer, _ in _digests(engine, image)}
    text = _EXTENSION.read_text()
    try:
        _EXTENSION.write_text(f"{text}\n# changed to measure a build: {time.time()}\n")
        changed = _build(target, *options)
    finally:
        _EXTENSION.write_text(text)
    new = sum(size for layer, size in _digests(engine, image) if layer not in before)
    warm = _build(target, *options)
    return [
        Figure("build from nothing", cold, "s", 720),
        Figure("build after a change of the extension", changed, "s", 20),
        Figure("layers that this changes", new / MEGABYTE, "MB", 5),
        Figure("build of nothing new", warm, "s"),
    ]


def _build(target: str, *options: str) -> float:
    began = time.perf_counter()
    subprocess.run([HERE / "build", target, *options], check=True, capture_output=True)
    return time.perf_counter() - began


def _digests(engine: str, image: str) -> list[tuple[str, int]]:
    """Returns the layers by digest, with their sizes."""
    description: dict[str, Any] = json.loads(_output([engine, "image", "inspect", image]))[0]
    command = [engine, "history", "--human=false", "--format", "{{.Size}}", image]
    sizes = [int(line) for line in reversed(_output(command).splitlines())]
    made = [size for size in sizes if size]  # other steps of the history make no layer
    digests = description["RootFS"]["Layers"]
    return list(zip(digests[-len(made) :], made, strict=False))


@contextmanager
def _container(engine: str, image: str) -> Iterator[tuple[str, str]]:
    command = [engine, "run", "--detach", "--publish", "127.0.0.1::8888", image]
    name = _output([*command, "start-notebook.sh", "--IdentityProvider.token=t"])
    try:
        yield name, f"http://{_output([engine, 'port', name, '8888/tcp']).splitlines()[0]}"
    finally:
        subprocess.run([engine, "rm", "--force", name], capture_output=True, check=True)


def _get(url: str) -> bool:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- our own, on loopback
        return bool(answer.status == 200)  # noqa: PLR2004 -- HTTP's


def _await(condition: Any) -> None:  # noqa: ANN401 -- a function without arguments
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        with suppress(OSError):
            if condition():
                return
        time.sleep(0.02)
    sys.exit(f"measure: no answer within {PATIENCE} s")


def _memory(engine: str, name: str) -> float:
    """Returns the proportional set size of all processes in the container, in MB."""
    script = "awk '/^Pss:/ {s += $2} END {print s}' /proc/[0-9]*/smaps_rollup 2>/dev/null"
    return float(_output([engine, "exec", name, "bash", "-c", script])) * 1024 / MEGABYTE


def _output(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
