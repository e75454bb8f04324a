"""The container runs as a student's server of a real JupyterHub."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import async_playwright

from tests.docker.conftest import DOCKER
from tests.hub.conftest import Hub, Student, running_hub

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.image

HUB = DOCKER.parent / ".venv/hub-5"


def test_a_student_of_a_hub_works_in_the_container(  # noqa: PLR0913, PLR0917 -- fixtures
    engine: str,
    image: str,
    code_server: Path,
    chromium: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The hub starts the container at login; VS Code shows the files of the mounted home."""
    if not HUB.is_dir():
        pytest.fail(f"no {HUB}: run `make test-image`", pytrace=False)
    monkeypatch.setenv("HUB_COMMAND", str(DOCKER.parent / "tests/docker/run-student"))
    monkeypatch.setenv("IMAGE_ENGINE", engine)
    monkeypatch.setenv("IMAGE", image)

    async def scenario(hub: Hub) -> None:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox"]
            )
            ada = await Student.arrive("ada", hub, browser)
            await ada.vscode()
            await browser.close()

    with running_hub(HUB, tmp_path / "hub", code_server) as hub:
        asyncio.run(asyncio.wait_for(scenario(hub), 300))
