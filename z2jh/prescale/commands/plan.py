"""`plan`: shows the changes of the next 24 hours, or of another period."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.prescale.errors import BudgetError, UsageError
from z2jh.prescale.output import plan_plot
from z2jh.prescale.output import plan_rendering as rendering
from z2jh.prescale.planning import budget

from . import period
from .files import files_of, make_plan, read_site
from .result import Result

if TYPE_CHECKING:
    import argparse


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `plan`."""
    period.add_options(parser)
    add = parser.add_argument
    add("--plot", type=Path, metavar="FILE", help="draw it there, as .svg, .png or .pdf")
    add("--check", action="store_true", help="exit with 8 if a week is above the budget's cap")


def run(options: argparse.Namespace) -> Result:
    """Runs `plan`."""
    files = files_of(options)
    site = read_site(files)
    plan = make_plan(files, site, *period.of(options, site.schedule))
    if options.plot:
        try:
            plan_plot.draw(plan, options.plot)
        except ValueError as error:
            raise UsageError(f"--plot: {options.plot} cannot be drawn: {error}") from error
    above = options.check and budget.exceeded(site, plan.weeks)
    failure = BudgetError("more is planned than the budget's cap allows") if above else None
    return Result(rendering.as_json(plan), rendering.text(plan), failure)
