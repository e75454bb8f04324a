"""Who is measured when, and with what."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measurements import LINKS, ROWS, Contender, Step, contenders
from benchmarks.runs import visits
from benchmarks.starting import CLEAN_START
from jupyter_codeserver_proxy.codeserver import command, executable


def test_each_round_begins_with_another_contender() -> None:
    """A machine that slows down does so for all alike."""
    chosen = [Contender.DIRECT, Contender.PEER_TCP, Contender.OURS]
    order = [visit.contender for visit in visits(3, chosen, [Step.COLD])]
    assert [order[0:3], order[3:6], order[6:9]] == [
        chosen,
        [*chosen[1:], *chosen[:1]],
        [*chosen[2:], *chosen[:2]],
    ]


def test_everything_is_measured_as_often_as_was_asked_for() -> None:
    """Each step comes once a round for each contender that it has."""
    done = [
        (visit.contender, step)
        for visit in visits(2, list(Contender), list(Step))
        for step in visit.steps
    ]
    assert sorted(done) == sorted(
        [(contender, step) for step in Step for contender in contenders(step)] * 2
    )


def test_loads_come_before_what_would_warm_the_server_up() -> None:
    """A student does not meet a server that has just answered ten thousand requests."""
    (visit,) = visits(1, [Contender.OURS], [Step.WEBSOCKET, Step.REQUESTS, *LINKS])
    assert visit.steps[: len(LINKS)] == tuple(LINKS)


def test_every_step_has_rows() -> None:
    """No step runs without a row in the table."""
    assert {row.step for row in ROWS} == set(Step)


def test_code_server_by_itself_starts_as_ours_does(code_server: Path) -> None:
    """The flags are the same but for those that say where it listens."""
    flags = executable.abilities(code_server).flags
    workspace = command.Workspace(Path("/work"))
    ours = command.arguments(command.StartOptions(), workspace, flags, Path("/socket"))
    where = {"--auth", "none", "--config", "--session-socket", "--socket", "--socket-mode", "0600"}
    assert {flag for flag in ours if not flag.startswith("/")} == where | set(CLEAN_START)
