"""Runs the tests of the companion extension's logic on code-server's own node."""

from __future__ import annotations

import subprocess
from pathlib import Path

from jupyter_codeserver_proxy.codeserver import executable

FOLDER = Path(__file__).parent


def test_the_logic_passes_its_own_tests(code_server: Path) -> None:
    """Node's test runner passes every file here; node itself strips the types."""
    found = executable.installation(code_server)
    assert found, f"the tests need a code-server with a node of its own, unlike {code_server}"
    files = map(str, sorted(FOLDER.glob("*.test.ts")))
    command = [str(found.root / "lib/node"), "--test", *files]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
