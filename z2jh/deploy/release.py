"""The deployed hub, seen and changed by helm and kubectl, on the cluster that the values name."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from z2jh.check import helm, render
from z2jh.check.helm import HelmError
from z2jh.check.problems import UnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.check.layers import Stack
    from z2jh.cluster.place import Place

_NO_RELEASE = "release: not found"
_WELL = ("deployed", "superseded")  # helm's words for a revision that came up whole


class MissingError(UnusableError):
    """Something has to be there before a deployment, and is not."""


@dataclass(frozen=True)
class Revision:
    """One deployment of the past, as helm remembers it.

    Attributes:
        number: counted from 1.
        status: in helm's words.
        updated: when it was made.
        description: what came of it.
    """

    number: int
    status: str
    updated: str
    description: str

    def __str__(self) -> str:
        """For a person."""
        return f"{self.number:>4}  {self.status:<15}  {self.updated[:19]}  {self.description}"


def earlier(revisions: list[Revision]) -> Revision | None:
    """The revision to go back to: the last before the newest that came up whole."""
    well = [each for each in revisions[:-1] if each.status in _WELL]
    return well[-1] if well else None


@dataclass(frozen=True)
class Release:
    """The hub of one environment.

    Attributes:
        place: its cluster. Every call names it, so that none goes to whichever is current.
        wait: minutes that a change may take.
    """

    place: Place
    wait: int

    def check_secret(self, name: str) -> None:
        """See that the Secret is there that `hub.existingSecret` names.

        Raises:
            MissingError: it is not, or the cluster cannot be asked.
        """
        kubectl = shutil.which("kubectl")
        if not kubectl:
            raise MissingError("kubectl is not on PATH")
        where = ("--context", self.place.context, "--namespace", self.place.namespace)
        call = [kubectl, *where, "get", "secret", name, "--output", "name"]
        done = subprocess.run(call, capture_output=True, text=True, check=False)
        if done.returncode:
            said = " ".join(done.stderr.split())
            raise MissingError(
                f"the Secret '{name}' cannot be seen in {self.place.context}, namespace "
                f"{self.place.namespace} ({said}): make it first (z2jh/README.md, Secrets)"
            )

    def revisions(self) -> list[Revision]:
        """The deployments so far, oldest first; none before the first.

        Raises:
            HelmError: helm could not ask the cluster.
        """
        try:
            text = helm.run("history", render.RELEASE, *self._where(), "--output", "json")
        except HelmError as error:
            if _NO_RELEASE in str(error):
                return []
            raise
        keys = ("status", "updated", "description")
        return [
            Revision(int(each["revision"]), *(str(each.get(key, "")) for key in keys))
            for each in json.loads(text)
        ]

    def manifests(self) -> list[dict[str, Any]]:
        """What is deployed now, once something is.

        Raises:
            HelmError: helm could not ask the cluster.
        """
        return render.manifests(helm.run("get", "manifest", render.RELEASE, *self._where()))

    def would_be(self, chart: Path, stack: Stack) -> list[dict[str, Any]]:
        """What the upgrade would deploy, rendered with the cluster's own Secrets looked up.

        Raises:
            HelmError: helm refuses, or could not ask the cluster.
        """
        options = ["--install", "--dry-run=server", "--hide-notes", "--output", "json"]
        text = helm.run("upgrade", render.RELEASE, str(chart), *options, *self._where(),
                        *render.files(stack))  # fmt: skip
        return render.manifests(json.loads(text)["manifest"])

    def upgrade(self, chart: Path, stack: Stack) -> None:
        """Deploy, and wait until everything is ready.

        Raises:
            HelmError: it failed or took too long; the old hub may be half replaced.
        """
        options = ["--install", "--wait", "--timeout", f"{self.wait}m", "--history-max", "20"]
        what = (render.RELEASE, str(chart), *options)
        helm.run("upgrade", *what, *self._where(), *render.files(stack))

    def rollback(self, goal: Revision) -> None:
        """Go back to an earlier revision.

        Raises:
            HelmError: it failed.
        """
        options = ["--wait", "--timeout", f"{self.wait}m"]
        helm.run("rollback", render.RELEASE, str(goal.number), *options, *self._where())

    def _where(self) -> tuple[str, ...]:
        place = self.place
        return ("--kube-context", place.context, "--namespace", place.namespace)
