"""VS Code in the container opens in a real browser, however the container runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.docker.conftest import (
    EMPTY_HOME,
    POWERLESS,
    READ_ONLY,
    SERVER,
    STRANGER,
    TOKEN,
    isolated,
)
from tests.e2e.vscode import type_in_terminal, until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.docker.conftest import Container, Serve

pytestmark = pytest.mark.image
expect.set_options(timeout=60_000)

VARIANTS = {
    "student": (),
    "arbitrary-uid": STRANGER,
    "empty-home": EMPTY_HOME,
    "read-only": (*READ_ONLY, *EMPTY_HOME),
    "no-capabilities": POWERLESS,
    "all-of-it": (*STRANGER, *READ_ONLY, *EMPTY_HOME, *POWERLESS),
}
CPP = "int twice(int n) {\n  int m = 2 * n;\n  return m;\n}\nint main() { return twice(21); }\n"


def works(container: Container, browser: Browser, name: str) -> None:
    """Open VS Code, and a terminal that finds the image's programs."""
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"http://{container.address()}/codeserver/?token={TOKEN}")
    page.locator(".explorer-folders-view").wait_for(timeout=90_000)
    answer = in_terminal(container, page, "which python gcc; python -c 'import numpy'; echo $?")
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder, f"image-{name}.png"))
    page.close()
    assert answer.split() == ["/opt/python/bin/python", "/usr/bin/gcc", "0"]


def in_terminal(container: Container, page: Page, line: str) -> str:
    """Return what a line prints in VS Code's terminal."""
    type_in_terminal(page, f"({line}) > ~/part 2>&1; mv ~/part ~/answer")

    def answered() -> bool:
        return container.execute("bash", "-c", "test -e ~/answer && echo yes || true") == "yes"

    until(answered, page)
    return container.execute("bash", "-c", "cat ~/answer")


@pytest.mark.parametrize("variant", VARIANTS)
def test_vscode_opens(serve: Serve, browser: Browser, variant: str) -> None:
    """VS Code and its terminal work for any user and with restricted containers."""
    container = serve(*SERVER, options=VARIANTS[variant])
    container.get("/api")
    works(container, browser, variant)


def test_vscode_opens_without_a_network(engine: str, image: str, browser: Browser) -> None:
    """It works in an exam."""
    with isolated(engine, image) as container:
        works(container, browser, "no-network")


def test_a_program_is_debugged_in_its_terminal(serve: Serve, browser: Browser) -> None:
    """It works with gdb in a container without capabilities."""
    container = serve(*SERVER, options=POWERLESS)
    container.get("/api")
    container.write("main.cpp", CPP)
    page = browser.new_page()
    page.goto(f"http://{container.address()}/codeserver/?token={TOKEN}")
    page.locator(".explorer-folders-view").wait_for(timeout=90_000)
    debug = "gdb --batch -ex 'break 3' -ex run -ex 'print m' ./a.out"
    answer = in_terminal(container, page, f"g++ -g main.cpp && {debug}")
    page.close()
    assert "$1 = 42" in answer
