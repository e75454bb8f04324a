"""An nbgitpuller link, as instructors hand it out, shows the course's notebook in VS Code."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from playwright.async_api import async_playwright, expect

from tests.hub.conftest import Student, running_hub

if TYPE_CHECKING:
    from tests.hub.conftest import Hub

pytestmark = pytest.mark.hub

NOTEBOOK = Path(__file__).parents[2] / "examples/dice.ipynb"


def make_course(folder: Path) -> Path:
    """Create a repository with a notebook in its folder `week1`."""
    work, repository = folder / "work", folder / "course"
    work.joinpath("week1").mkdir(parents=True)
    shutil.copy(NOTEBOOK, work / "week1/a.ipynb")
    author = ("-c", "user.name=Course", "-c", "user.email=course@localhost")
    for command in (
        ("init", "--quiet", "--initial-branch=main"),
        ("add", "."),
        (*author, "commit", "--quiet", "--message=Week 1"),
        ("clone", "--quiet", "--bare", ".", str(repository)),
    ):
        subprocess.run(("git", *command), cwd=work, check=True)  # noqa: S607 -- on PATH
    return repository


def test_a_link_brings_the_course_and_shows_its_notebook(
    hub_environments: dict[str, Path], code_server: Path, chromium: str, tmp_path: Path
) -> None:
    """It works for a new student, and opens the notebook editor, not text."""
    query = {
        "repo": str(make_course(tmp_path / "course")),
        "branch": "main",
        "urlpath": "codeserver/open/course/week1/a.ipynb",
    }

    async def scenario(hub: Hub) -> None:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            alice = await Student.arrive("alice", hub, browser)
            page = await alice.login("tree")
            await page.goto(f"{hub.url}/hub/user-redirect/git-pull?{urlencode(query)}")
            cell = page.locator(".notebook-editor .cell-list-container").first
            await expect(cell).to_be_visible(timeout=120_000)
            assert page.url.startswith(f"{hub.url}/user/alice/codeserver/?")
            await expect(page.locator(".tab")).to_have_text(["a.ipynb"])
            await browser.close()

    with running_hub(hub_environments["5"], tmp_path / "hub", code_server) as hub:
        asyncio.run(asyncio.wait_for(scenario(hub), 300))
    assert (hub.home("alice") / "course/week1/a.ipynb").is_file()
