"""Runs that are killed between any two calls, and the runs after them."""

from __future__ import annotations

import argparse
import subprocess
import sys
from contextlib import ExitStack
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.z2jh.prescale.conftest import deployments
from tests.z2jh.prescale.google_server import CLUSTER, Gke, rest_address, rest_client
from tests.z2jh.prescale.kubernetes_server import NAMESPACE, Api, client, serving
from z2jh.prescale.cloud.cluster import Cluster
from z2jh.prescale.cloud.gke import NodePools
from z2jh.prescale.cloud.kubernetes import Kubernetes
from z2jh.prescale.commands.apply import apply_to
from z2jh.prescale.commands.files import make_plan, read_site
from z2jh.prescale.schedule.meetings import instant

if TYPE_CHECKING:
    from collections.abc import Callable

    from z2jh.prescale.commands.files import Files
    from z2jh.prescale.planning.site import Site

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
# Does what `apply` does, with local servers in place of Google's.
PROGRAM = """
import argparse, signal, sys
from pathlib import Path
from tests.z2jh.prescale.google_server import CLUSTER, rest_client
from tests.z2jh.prescale.kubernetes_server import NAMESPACE, client
from z2jh.prescale.__main__ import end
from z2jh.prescale.cloud.cluster import Cluster
from z2jh.prescale.cloud.gke import NodePools
from z2jh.prescale.cloud.kubernetes import Kubernetes
from z2jh.prescale.commands.apply import apply_to
from z2jh.prescale.commands.files import Files, make_plan, read_site
signal.signal(signal.SIGTERM, end)
folder, now, google, kubernetes = sys.argv[1:]
files = Files(Path(folder, "schedule.yaml"), [Path(folder, "values.yaml")])
site = read_site(files)
plan = make_plan(files, site, int(now) - 86400, int(now) + 86400)
api = client(kubernetes)
pools = NodePools(rest_client(google), CLUSTER)
cluster = Cluster(pools, Kubernetes(api, NAMESPACE, site), api, NAMESPACE)
options = argparse.Namespace(metrics=None, pushgateway=None)
answer = apply_to(plan, cluster, options, lambda: int(now))
assert answer.error is None, answer.error
"""


class Killer:
    """Kills the program at its n-th call, before the call is carried out or answered."""

    def __init__(self, gke: Gke, api: Api, number: int, *, done: bool) -> None:
        self.calls = 0
        self.killed = False
        self.process: subprocess.Popen[bytes] | None = None
        self._number, self._done = number, done
        for server in (gke, api):
            server.answer = self._counting(server.answer)  # type: ignore[method-assign]

    def _counting(self, answer: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any) -> Any:
            self.calls += 1
            last = self.calls == self._number
            if last and not self._done:
                self._kill()
            try:
                return answer(*arguments)
            finally:
                if last:
                    self._kill()

        return counted

    def _kill(self) -> None:
        if self.process:
            self.killed = True
            self.process.kill()
            self.process.wait()
            raise ConnectionAbortedError


@pytest.mark.filterwarnings("default::pytest.PytestUnhandledThreadExceptionWarning")
def test_kill_at_any_call_and_run_again(
    files: Callable[..., Files], site: Callable[..., Site]
) -> None:
    """Wherever a run is killed, the next run brings the cluster to the plan."""
    folder = str(files().schedule.parent)
    zone = site().schedule.timezone
    now = instant(date(2026, 11, 23), 9 * 60 + 56, zone)
    number, last = 0, False
    while not last:
        number += 1
        for done in (False, True):
            gke, api = Gke(), Api()
            api.apply(deployments(site()))
            gke.pool("students")
            gke.pool("ondemand")
            gke.operations.append("slow")
            with ExitStack() as stack:
                killer = Killer(gke, api, number, done=done)
                google = stack.enter_context(rest_address(gke))
                kubernetes = stack.enter_context(serving(api))
                command = [sys.executable, "-c", PROGRAM, folder, str(now), google, kubernetes]
                killer.process = subprocess.Popen(command, cwd=ROOT)
                killer.process.wait()
                assert killer.killed or killer.process.returncode == 0
                last = last or not killer.killed
                killer.process = None
                _let_the_lease_end(api)
                _run_again(files(), now, google, kubernetes)
            found = gke.pools["students"].autoscaling
            assert (found.total_min_node_count, found.total_max_node_count) == (8, 16)
            name = "prescale-placeholder-students"
            assert api.objects["deployments", NAMESPACE, name]["spec"]["replicas"] == 8
    assert number > 8


def test_who_is_asked_to_end_gives_the_lease_back(
    files: Callable[..., Files], site: Callable[..., Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGTERM releases the lease, so that the next run need not wait for its end."""
    folder = str(files().schedule.parent)
    now = instant(date(2026, 11, 23), 9 * 60 + 56, site().schedule.timezone)
    gke, api = Gke(), Api()
    api.apply(deployments(site()))
    gke.pool("students")
    gke.pool("ondemand")
    gke.operations.append("stuck")
    answer = gke.answer
    with rest_address(gke) as google, serving(api) as kubernetes:
        command = [sys.executable, "-c", PROGRAM, folder, str(now), google, kubernetes]
        with subprocess.Popen(command, cwd=ROOT) as process:

            def asked(method: str, request: Any) -> Any:
                if method == "GetOperation":
                    process.terminate()
                return answer(method, request)

            monkeypatch.setattr(gke, "answer", asked)
            assert process.wait() == 143
    (lease,) = api.all("leases")
    assert lease["spec"]["holderIdentity"] == ""


def _run_again(files: Files, now: int, google: str, kubernetes: str) -> None:
    site = read_site(files)
    plan = make_plan(files, site, now - 86400, now + 86400)
    with rest_client(google) as pools, client(kubernetes) as api:
        cluster = Cluster(
            NodePools(pools, CLUSTER), Kubernetes(api, NAMESPACE, site), api, NAMESPACE
        )
        options = argparse.Namespace(metrics=None, pushgateway=None)
        answer = apply_to(plan, cluster, options, lambda: now)
    assert answer.error is None


def _let_the_lease_end(api: Api) -> None:
    for lease in api.all("leases"):
        past = datetime.now(timezone.utc) - timedelta(seconds=300)
        lease["spec"]["renewTime"] = past.isoformat()
