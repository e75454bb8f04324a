"""Runs a client alone in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from .destination import Destination
from .errors import MeasurementError
from .http_clients import download, fetch, requests
from .link import CHECKOUT
from .websocket_client import messages

if TYPE_CHECKING:
    from collections.abc import Callable


def measured(kind: str, destination: Destination, amount: float) -> dict[str, float]:
    """Runs a client in another process.

    Args:
        kind: `requests`, `messages`, `fetch` or `download`.
        destination: the destination of the load.
        amount: seconds for `requests` and `messages`, the number of requests for `fetch`, bytes for
            `download`.

    Returns:
        The results by name.

    Raises:
        MeasurementError: the server gives another answer than the expected one.
    """
    job = json.dumps([kind, asdict(destination), amount])
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(
        command, cwd=CHECKOUT, input=job, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = done.stderr.strip().rpartition("\n")[2]
        raise MeasurementError(last or f"{kind}: exit status {done.returncode}")
    result: dict[str, float] = json.loads(done.stdout)
    return result


_KINDS: dict[str, Callable[[Destination, float], dict[str, float]]] = {
    "download": download,
    "fetch": fetch,
    "messages": messages,
    "requests": requests,
}


def main() -> None:
    """Runs the client that standard input describes."""
    kind, destination, amount = json.load(sys.stdin)
    try:
        result = _KINDS[kind](Destination(**destination), amount)
    except (MeasurementError, OSError) as error:
        sys.exit(str(error) or type(error).__name__)
    sys.stdout.write(json.dumps(result))


if __name__ == "__main__":
    main()
