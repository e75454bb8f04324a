"""A gcloud and a kubectl that remember what was made and write down every call."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

FOLDER = Path(os.environ["FAKE_STATE"])
STATE, CALLS = FOLDER / "state.json", FOLDER / "calls"
VERBS = ("describe", "create", "update", "delete", "list")


def main(call: list[str]) -> int:
    """Answer one call as gcloud does."""
    with CALLS.open("a") as file:
        file.write(json.dumps(call) + "\n")
    fails = os.environ.get("FAKE_FAILS", "")
    if fails == "login":
        sys.stderr.write("ERROR: Reauthentication failed. cannot prompt during non-interactive\n")
        return 1
    verb = next((word for word in call if word in VERBS), "")
    if not verb:
        return 0
    at = call.index(verb)
    kind = " ".join(call[1:at])
    name = call[at + 1]
    if kind == "billing budgets":
        name = "" if verb == "list" else _option(call, "--display-name")
    if kind == "iam service-accounts":
        name = name.partition("@")[0]
    if verb == "create" and fails == f"pool {name}":
        sys.stderr.write("ERROR: (gcloud.container.node-pools.create) Quota 'CPUS' exceeded.\n")
        return 1
    return _answer(verb, kind, name, call)


def _answer(verb: str, kind: str, name: str, call: list[str]) -> int:
    state = json.loads(STATE.read_text()) if STATE.exists() else {}
    things = state.setdefault(kind, {})
    if verb == "list":
        print("\n".join(things))
    elif verb == "describe":
        if name not in things:
            sys.stderr.write(f"ERROR: (gcloud) NOT_FOUND: {name} was not found\n")
            return 1
        print(json.dumps(_described(things[name])))
    elif verb == "create":
        things[name] = call
        if kind == "container clusters":
            state.setdefault("container node-pools", {})["default-pool"] = call
    elif verb == "delete":
        del things[name]
    elif verb == "update":
        made = things[name]
        made[made.index("--total-max-nodes") + 1] = _option(call, "--total-max-nodes")
    STATE.write_text(json.dumps(state))
    return 0


def _described(made: list[str]) -> dict[str, object]:
    """The parts of a pool's description that matter, in Google's names."""
    if "--node-taints" not in made:
        return {}
    pair, _, _ = _option(made, "--node-taints").partition(":")
    key, _, value = pair.partition("=")
    minimum = os.environ.get("FAKE_MINIMUM") or _option(made, "--total-min-nodes")
    return {
        "config": {
            "machineType": _option(made, "--machine-type"),
            "spot": "--spot" in made,
            "taints": [{"key": key, "value": value, "effect": "NO_SCHEDULE"}],
        },
        "maxPodsConstraint": {"maxPodsPerNode": _option(made, "--max-pods-per-node")},
        "autoscaling": {
            "enabled": True,
            "totalMinNodeCount": int(minimum),
            "totalMaxNodeCount": int(_option(made, "--total-max-nodes")),
        },
    }


def _option(call: list[str], name: str) -> str:
    return call[call.index(name) + 1]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
