"""The command line `python -m benchmarks`: measures, and says which targets are reached."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tqdm import tqdm

from jupyter_codeserver_proxy.assets import compression, files
from jupyter_codeserver_proxy.codeserver import executable
from jupyter_codeserver_proxy.failure import CannotStart

from . import machine, plot, report
from .errors import NotPossibleError
from .measurements import Contender, Step
from .results import Results, from_json
from .runs import Bench, visits
from .starting import Setup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_EXAMPLES = Path(__file__).parents[1] / "examples"
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")

_EXIT_STATUS = """\
exit status:
  0  measured (with --check: and every target that was measured is reached)
  1  with --check: a target is missed
  2  wrong usage, or something is missing on this machine
  130, 143  ended by Ctrl-C or SIGTERM, and the servers with it
"""


def parser() -> argparse.ArgumentParser:
    """Returns the parser of the command line."""
    result = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="VS Code in Jupyter, measured beside the peer and beside code-server itself. "
        "A whole run takes more than an hour, on a machine that does nothing else.",
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = result.add_argument
    add("--repeat", type=_positive, default=5, help="samples of each (default: %(default)s)")
    for option, values in (("--only", Step), ("--contender", Contender)):
        add(
            option,
            choices=[member.value for member in values],
            action="append",
            metavar="NAME",
            help="measure this alone; may be repeated. One of %(choices)s",
        )
    add("--json", type=Path, metavar="FILE", help="write all samples to FILE, after each visit")
    add("--plot", type=Path, metavar="FILE", help="draw the short table to FILE, as .svg or .png")
    add("--from-json", type=Path, metavar="FILE", help="measure nothing: report what --json wrote")
    add("--short", action="store_true", help="print the short table alone")
    add("--check", action="store_true", help="exit with 1 if a target is missed")
    return result


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line; returns the exit status."""
    options = parser().parse_args(arguments)
    try:
        results = _read(options.from_json) if options.from_json else _measure(options)
        if options.plot:
            _draw(results, options.plot)
    except (NotPossibleError, CannotStart, OSError) as error:
        sys.stderr.write(f"benchmarks: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return _report(results, options)


def _report(results: Results, options: argparse.Namespace) -> int:
    parts = [report.short_table(results)]
    if not options.short:
        parts += [report.full_table(results), report.machine(results), report.notes()]
    sys.stdout.write("\n\n".join(parts) + "\n")
    missed = [verdict for verdict in report.verdicts(results) if not verdict.met]
    for verdict in missed:
        sys.stderr.write(f"benchmarks: {verdict}\n")
    return 1 if options.check and missed else 0


def _read(file: Path) -> Results:
    try:
        return from_json(json.loads(file.read_text(encoding="utf-8")))
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise NotPossibleError(f"{file} is not what --json writes.") from error


def _draw(results: Results, file: Path) -> None:
    try:
        plot.draw(results, file)
    except ImportError as error:
        raise NotPossibleError(
            f"--plot needs matplotlib: pip install matplotlib ({error})."
        ) from error
    except ValueError as error:
        raise NotPossibleError(f"{file} cannot be drawn: {error}.") from error


def _measure(options: argparse.Namespace) -> Results:
    chosen = [Contender(name) for name in options.contender or Contender]
    plan = visits(options.repeat, chosen, [Step(name) for name in options.only or Step])
    code_server = executable.find("", os.environ).path.absolute()
    chromium = _chromium()
    results = Results(machine.describe(code_server, chromium))
    with _setup(code_server, compressed=Contender.OURS in chosen) as setup:
        bench = Bench(setup, chromium)
        progress = tqdm(plan, unit="visit", disable=None)
        for visit in progress:
            progress.set_description(f"{visit.contender.value}: {' '.join(visit.steps)}")
            bench.take(visit, results)
            if options.json:  # after each visit, as half a run is better than none
                options.json.write_text(json.dumps(results.as_json(), indent=1), encoding="utf-8")
    return results


def _chromium() -> str:
    for name in (os.environ.get("CHROMIUM"), *_BROWSERS):
        if name and (found := shutil.which(name)):
            return found
    raise NotPossibleError("Chromium is missing: run `make chromium`, or name it in CHROMIUM.")


@contextmanager
def _setup(code_server: Path, *, compressed: bool) -> Iterator[Setup]:
    """Makes a workspace and, on request, compresses the assets as an image does."""
    root = files.find_root(code_server)
    if root is None or code_server.name != "code-server":
        raise NotPossibleError(f"{code_server} is no code-server that could be compared.")
    with TemporaryDirectory(prefix="benchmark-") as folder:
        workspace, assets = Path(folder, "workspace"), Path(folder, "assets")
        shutil.copytree(_EXAMPLES, workspace, ignore=shutil.ignore_patterns(".*"))
        assets.mkdir()
        if compressed:
            _compress(root, assets)
        yield Setup(code_server, workspace, assets)


def _compress(root: files.AssetRoot, destination: Path) -> None:
    with tqdm(desc="compressing the assets", unit="file", disable=None) as progress:

        def show(_file: Path, number: int, of: int) -> None:
            progress.total = of
            progress.update(number - progress.n)

        compression.compress(root, destination, compression.INSTALL_QUALITY, show)


if __name__ == "__main__":
    # Exits by an exception, so that the servers end as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
