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
FAILS = os.environ.get("FAKE_FAILS", "")
# The real chart looks up what it has made up before; a render without a cluster cannot.
MADE_UP = re.compile(r"^  hub\.config\..*\n", re.MULTILINE)


def main(call: list[str]) -> int:
    """Answer one call."""
    with FOLDER.joinpath("calls").open("a") as file:
        file.write(json.dumps(call) + "\n")
    if call[0] == "kubectl":
        return _fail('secrets "hub-secrets" not found') if FAILS == "secret" else 0
    answer = {"template": _template, "get": _get, "upgrade": _upgrade, "history": _history}
    return answer[call[1]](call) if call[1] in answer else 0


def _template(call: list[str]) -> int:
    return subprocess.run([os.environ["REAL_HELM"], *call[1:]], check=False).returncode


def _get(_: list[str]) -> int:
    if not DEPLOYED.exists():
        return _fail("Error: release: not found")
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
    if FAILS == "upgrade":
        return _fail("Error: UPGRADE FAILED: timed out waiting for the condition")
    DEPLOYED.write_text(text)
    return 0


def _history(_: list[str]) -> int:
    print("REVISION  STATUS")
    return 0


def _fail(said: str) -> int:
    sys.stderr.write(f"{said}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
