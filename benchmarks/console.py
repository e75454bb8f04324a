"""What the command lines share: options, errors and exit statuses."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tqdm import tqdm

from jupyter_codeserver_proxy.failure import CannotStart

from .errors import NotPossibleError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from .report import Verdict
    from .results import Results

_Visit = TypeVar("_Visit")

_EXIT_STATUS = """\
exit status:
  0  measured (with --check: and every target that was measured is reached)
  1  with --check: a target is missed
  2  wrong usage, or something is missing on this machine
  130, 143  ended by Ctrl-C or SIGTERM, and the servers with it
"""


def parser(program: str, description: str) -> argparse.ArgumentParser:
    """Returns a parser with the options of every command line."""
    result = argparse.ArgumentParser(
        prog=program,
        description=description,
        epilog=_EXIT_STATUS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = result.add_argument
    add("--repeat", type=_positive, default=5, help="samples of each (default: %(default)s)")
    add("--json", type=Path, metavar="FILE", help="write all samples to FILE, after each visit")
    add("--check", action="store_true", help="exit with 1 if a target is missed")
    return result


def add_choice(parser: argparse.ArgumentParser, option: str, values: Iterable[str]) -> None:
    """Adds an option that limits what is measured."""
    parser.add_argument(
        option,
        choices=list(values),
        action="append",
        metavar="NAME",
        help="measure this alone; may be repeated. One of %(choices)s",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return number


def exit_status(work: Callable[[], int]) -> int:
    """Does the work; turns an error that nobody can mend here into a line and an exit status."""
    try:
        return work()
    except (NotPossibleError, CannotStart, OSError) as error:
        sys.stderr.write(f"benchmarks: {error}\n")
        return 2
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


def take_all(
    visits: Sequence[_Visit],
    take: Callable[[_Visit, Results], None],
    results: Results,
    file: Path | None,
) -> None:
    """Takes the samples of all visits, with a progress bar.

    Args:
        visits: the visits; as text, they describe what is measured.
        take: adds the samples of a visit to the results.
        results: the results.
        file: gets the samples after each visit, as half a run is better than none; None: no file.
    """
    progress = tqdm(visits, unit="visit", disable=None)
    for visit in progress:
        progress.set_description(str(visit))
        take(visit, results)
        if file:
            file.write_text(json.dumps(results.as_json(), indent=1), encoding="utf-8")


def show(parts: Iterable[str], verdicts: Iterable[Verdict], *, check: bool) -> int:
    """Prints a report, and which targets are missed; returns the exit status."""
    sys.stdout.write("\n\n".join(parts) + "\n")
    missed = [verdict for verdict in verdicts if not verdict.met]
    for verdict in missed:
        sys.stderr.write(f"benchmarks: {verdict}\n")
    return 1 if check and missed else 0


def run(main: Callable[[], int]) -> None:
    """Runs a whole program; SIGTERM raises an exception, so that the servers end as well."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main())
