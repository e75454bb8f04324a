"""A helm that renders for real and deploys nowhere, and a kubectl that has seen the Secret."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(os.environ["FAKE_STATE"])
DEPLOYED = FOLDER / "deployed.yaml"
HISTORY = FOLDER / "history.json"
FAILS = os.environ.get("FAKE_FAILS", "")
# The real chart looks up what it has made up before; a render without a cluster cannot.
MADE_UP = re.compile(r"^  hub\.config\..*\n", re.MULTILINE)


def main(call: list[str]) -> int:
    """Answer one call."""
    with FOLDER.joinpath("calls").open("a") as file:
        file.write(json.dumps(call) + "\n")
    if call[0] == "kubectl":
        return _fail('secrets "hub-secrets" not found') if FAILS == "secret" else 0
    return ANSWERS[call[1]](call)


def _template(call: list[str]) -> int:
    return subprocess.run([os.environ["REAL_HELM"], *call[1:]], check=False).returncode


def _get(_: list[str]) -> int:
    print(DEPLOYED.read_text())
    return 0


def _upgrade(call: list[str]) -> int:
    values = [part for part in call if part == "--values" or part.endswith(".yaml")]
    command = [os.environ["REAL_HELM"], "template", call[2], call[3], *values]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    text = MADE_UP.sub("", done.stdout)
    if "--dry-run=server" in call:
        print(json.dumps({"manifest": text}))
        return 0
    DEPLOYED.write_text(text)  # helm remembers what it has tried, too
    _remember("failed" if FAILS == "upgrade" else "deployed", "Upgrade")
    if FAILS == "upgrade":
        return _fail("Error: UPGRADE FAILED: timed out waiting for the condition")
    return 0


def _rollback(call: list[str]) -> int:
    _remember("deployed", f"Rollback to {call[3]}")
    return 0


def _history(_: list[str]) -> int:
    if not HISTORY.exists():
        return _fail("Error: release: not found")
    print(HISTORY.read_text())
    return 0


def _remember(status: str, description: str) -> None:
    past = json.loads(HISTORY.read_text()) if HISTORY.exists() else []
    if status == "deployed":
        for each in past:
            each["status"] = "superseded" if each["status"] == "deployed" else each["status"]
    about = {"status": status, "updated": "2026-01-05T08:00:00Z", "description": description}
    HISTORY.write_text(json.dumps([*past, {"revision": len(past) + 1, **about}]))


def _fail(said: str) -> int:
    sys.stderr.write(f"{said}\n")
    return 1


ANSWERS = {
    "template": _template,
    "get": _get,
    "upgrade": _upgrade,
    "rollback": _rollback,
    "history": _history,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
