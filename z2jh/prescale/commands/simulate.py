"""`simulate`: compares policies on the same logins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from z2jh.prescale.errors import UsageError

from . import period
from .files import files_of, make_plan, read_site
from .result import Result

if TYPE_CHECKING:
    import argparse

    from z2jh.prescale.simulation.parameters import Parameters
    from z2jh.prescale.simulation.trial import Candidate

_NAMES = ("provisioning", "pulling", "server", "reclaimed", "seed")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `simulate`."""
    period.add_options(parser)
    add = parser.add_argument
    add("--html", type=Path, metavar="FILE", help="write a report with plots there")
    add(
        "--policy",
        action="append",
        metavar="NAME",
        help="this one alone, as the table names it; may be repeated",
    )
    add(
        "--set",
        action="append",
        default=[],
        metavar="NAME=NUMBER",
        help=f"a figure of the model: {', '.join(_NAMES)} and the others in the report",
    )


def run(options: argparse.Namespace) -> Result:
    """Runs `simulate`."""
    # Other verbs, `plan` above all, should start without loading this.
    from z2jh.prescale.simulation import report, trial  # noqa: PLC0415

    files = files_of(options)
    site = read_site(files)
    plan = make_plan(files, site, *period.of(options, site.schedule))
    parameters = _with(trial.parameters_of(site), options.set)
    outcomes = [
        trial.run(plan, policy, parameters, spot=spot)
        for policy, spot in _chosen(trial.policies(plan), options.policy)
    ]
    if options.html:
        options.html.write_text(report.page(plan, outcomes, parameters), encoding="utf-8")
    return Result(report.as_json(plan, outcomes, parameters), report.text(plan, outcomes))


def _chosen(candidates: list[Candidate], names: list[str] | None) -> list[Candidate]:
    known = [policy.name for policy, _ in candidates]
    for name in names or ():
        if name not in known:
            raise UsageError(f"--policy: there is no '{name}': {', '.join(known)}")
    return [candidate for candidate in candidates if not names or candidate[0].name in names]


def _with(parameters: Parameters, settings: list[str]) -> Parameters:
    for setting in settings:
        name, _, value = setting.partition("=")
        if name not in vars(parameters):
            known = ", ".join(vars(parameters))
            raise UsageError(f"--set: there is no '{name}': {known}")
        try:
            number = float(value)
        except ValueError as error:
            raise UsageError(f"--set: '{value}' is no number for {name}") from error
        if not 0 <= number < float("inf") or (name in {"timeout", "spawns", "scan"} and not number):
            raise UsageError(f"--set: {name} cannot be {value}")
        kind = type(getattr(parameters, name))
        parameters = replace(parameters, **{name: kind(number)})
    return parameters
