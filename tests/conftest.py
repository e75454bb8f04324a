"""Fixtures for the tests of all trees."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from jupyter_codeserver_proxy.codeserver import executable
from jupyter_codeserver_proxy.failure import CannotStart


@pytest.fixture(scope="session")
def code_server() -> Path:
    """Return a real code-server: the one that the environment names, or the tile's."""
    if named := os.environ.get("JUPYTER_CODESERVER_TEST_EXECUTABLE"):
        return Path(named)
    try:
        return executable.find("", os.environ).path
    except CannotStart as error:
        pytest.fail(f"The tests need a real code-server. {error}", pytrace=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Return the system's Chromium."""
    for name in (os.environ.get("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        if name and (found := shutil.which(name)):
            return found
    pytest.fail("The tests need Chromium: run `make test`, which installs it.", pytrace=False)
