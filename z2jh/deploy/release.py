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
    from z2jh.cluster.wish import Place

_NO_RELEASE = "release: not found"


class MissingError(UnusableError):
    """Something has to be there before a deployment, and is not."""


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

    def manifests(self) -> list[dict[str, Any]]:
        """What is deployed now; nothing before the first deployment.

        Raises:
            HelmError: helm could not ask the cluster.
        """
        try:
            text = helm.run("get", "manifest", render.RELEASE, *self._where())
        except HelmError as error:
            if _NO_RELEASE in str(error):
                return []
            raise
        return render.manifests(text)

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

    def rollback(self, revision: str) -> None:
        """Go back to an earlier revision, by default to the one before.

        Raises:
            HelmError: there is none, or it failed.
        """
        named = [revision] if revision else []
        options = ["--wait", "--timeout", f"{self.wait}m"]
        helm.run("rollback", render.RELEASE, *named, *options, *self._where())

    def history(self) -> str:
        """The revisions, for a person.

        Raises:
            HelmError: helm could not ask the cluster.
        """
        return helm.run("history", render.RELEASE, *self._where())

    def _where(self) -> tuple[str, ...]:
        place = self.place
        return ("--kube-context", place.context, "--namespace", place.namespace)
