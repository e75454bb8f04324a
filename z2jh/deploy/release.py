"""The deployed hub, read and changed through helm and kubectl, on the values' cluster."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from z2jh.check.rendering import helm, template
from z2jh.check.rendering.helm import HelmError
from z2jh.problems import UnusableError

if TYPE_CHECKING:
    from pathlib import Path

    from z2jh.cluster.place import Place
    from z2jh.hubvalues.layers import Stack

_NO_RELEASE = "release: not found"
_WELL = ("deployed", "superseded")  # helm's words for a revision that became ready


class MissingError(UnusableError):
    """Something that a deployment or a rollback needs does not exist."""


@dataclass(frozen=True)
class Revision:
    """One deployment, as helm remembers it."""

    number: int  # counted from 1
    status: str  # in helm's words
    updated: str  # when it was made
    description: str  # its outcome

    def __str__(self) -> str:
        """For a person."""
        return f"{self.number:>4}  {self.status:<15}  {self.updated[:19]}  {self.description}"


def earlier(revisions: list[Revision]) -> Revision | None:
    """Returns the revision to go back to: the last before the newest that became ready."""
    well = [revision for revision in revisions[:-1] if revision.status in _WELL]
    return well[-1] if well else None


@dataclass(frozen=True)
class Release:
    """The hub of one environment."""

    place: Place  # which every call names: kubectl's current cluster may be another
    wait: int  # minutes that a change may take

    def check_secret(self, name: str) -> None:
        """Check that the Secret exists that `hub.existingSecret` names.

        Raises:
            MissingError: it does not, or the cluster cannot be asked.
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
        """Returns the deployments so far, oldest first.

        Raises:
            HelmError: helm could not ask the cluster.
        """
        try:
            text = helm.run("history", template.RELEASE, *self._where(), "--output", "json")
        except HelmError as error:
            if _NO_RELEASE in str(error):
                return []
            raise
        keys = ("status", "updated", "description")
        return [
            Revision(int(entry["revision"]), *(str(entry.get(key, "")) for key in keys))
            for entry in json.loads(text)
        ]

    def manifests(self) -> list[dict[str, Any]]:
        """Returns the deployed manifests; there has to be a revision.

        Raises:
            HelmError: helm could not ask the cluster.
        """
        return template.manifests(helm.run("get", "manifest", template.RELEASE, *self._where()))

    def would_be(self, chart: Path, stack: Stack) -> list[dict[str, Any]]:
        """Returns the manifests that an upgrade would deploy; helm looks up the cluster's Secrets.

        Raises:
            HelmError: helm refuses, or could not ask the cluster.
        """
        options = ["--install", "--dry-run=server", "--hide-notes", "--output", "json"]
        text = helm.run("upgrade", template.RELEASE, str(chart), *options, *self._where(),
                        *template.files(stack))  # fmt: skip
        return template.manifests(json.loads(text)["manifest"])

    def upgrade(self, chart: Path, stack: Stack) -> None:
        """Deploy, and wait until everything is ready.

        Raises:
            HelmError: it failed or took too long; the old hub may be partly replaced.
        """
        options = ["--install", "--wait", "--timeout", f"{self.wait}m", "--history-max", "20"]
        what = (template.RELEASE, str(chart), *options)
        helm.run("upgrade", *what, *self._where(), *template.files(stack))

    def rollback(self, goal: Revision) -> None:
        """Go back to an earlier revision.

        Raises:
            HelmError: it failed.
        """
        options = ["--wait", "--timeout", f"{self.wait}m"]
        helm.run("rollback", template.RELEASE, str(goal.number), *options, *self._where())

    def _where(self) -> tuple[str, ...]:
        place = self.place
        return ("--kube-context", place.context, "--namespace", place.namespace)
