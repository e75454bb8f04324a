"""A student works in VS Code, whatever code-server and environment Jupyter has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import conda
from tests.e2e.conftest import status
from tests.e2e.vscode import explorer_row, type_in_terminal, until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.e2e.conftest import StartLab

pytestmark = pytest.mark.slow

STALE = "--require /nowhere/debugger's.js --enable-source-maps"  # as a debugger leaves them behind


def test_a_debuggers_stale_options_reach_terminals_alone(
    start_lab: StartLab, context: BrowserContext
) -> None:
    """They would keep code-server from starting; a student's programs still get them."""
    lab = start_lab(NODE_OPTIONS=STALE)
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    type_in_terminal(page, 'echo "$NODE_OPTIONS" > part; mv part answer')
    until((lab.root / "answer").exists, page)
    assert (lab.root / "answer").read_text() == f"{STALE}\n"


def test_conda_forges_code_server_is_a_whole_one(
    start_lab: StartLab, context: BrowserContext, tmp_path: Path, code_server: Path
) -> None:
    """It opens a folder whose name has a space, shows the title, and reports running jobs."""
    script = conda.install(tmp_path / "env", code_server)
    lab = start_lab(JUPYTER_CODESERVER_EXECUTABLE=str(script), JUPYTER_CODESERVER_AI="false")
    page = context.new_page()
    page.goto(lab.page("codeserver/"))
    expect(explorer_row(page, "temperature.py")).to_be_visible()
    assert "VS Code" in page.title()
    type_in_terminal(page, "sleep 1000")
    until(lambda: status(lab)["activity"] == "terminal: running job", page)
