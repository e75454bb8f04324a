"""A real hub culls a page that is merely open, but not a person, nor a job for a while.

Each case takes minutes, so all students come at the same time. The outcomes, with
jupyter-vscode-proxy as well, are written to `build/culling.md`, for the documentation.
"""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests
from playwright.async_api import Error as BrowserError
from playwright.async_api import async_playwright

from tests.hub.conftest import Link, Student, has_opened, open_file, run_job, running_hub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from playwright.async_api import Browser, Page

    from tests.hub.conftest import Hub

pytestmark = [pytest.mark.hub, pytest.mark.timeout(1800)]  # all students of a hub come at once

TIMEOUT = 150  # seconds without use after which the hub culls; a cut of a minute is shorter
JOB_LIMIT = 240
# VS Code treats a window as active until a minute after it was last touched. Then follow the
# intervals of the server extension (15 s), of the report to the hub and of the culler (5 s each),
# and the stop.
LATEST = TIMEOUT + 60 + 15 + 5 + 5 + 45
LONG = LATEST + 50  # a server that is still there was kept by activity
PAUSE = 30
ARRIVAL = 25  # seconds between two students: two cores do not start all VS Codes at once
# Early enough to see its effect before the cases end.
RESTART = 90
RESULTS = Path(__file__).parents[2] / "build"


class Visit:
    """A student's visit to a hub; each case is a method that returns how long the server lived.

    Attributes:
        name: the student's.
        path: of VS Code, below the student's own address.
    """

    def __init__(self, hub: Hub, browser: Browser, name: str, path: str) -> None:
        self.name = name
        self.path = path
        self._hub = hub
        self._browser = browser

    async def untouched(self) -> float | None:
        """A page is open, and nobody uses it."""
        await self._vscode()
        return await self._lifetime(LATEST)

    async def closed(self) -> float | None:
        """The browser is closed."""
        page = await self._vscode()
        await page.context.close()
        return await self._lifetime(LATEST)

    async def job(self) -> float | None:
        """A job runs in a terminal, and the browser is closed."""
        page = await self._vscode()
        await run_job(page, self._hub.home(self.name))
        await page.context.close()
        return await self._lifetime(JOB_LIMIT + LATEST)

    async def types(self) -> float | None:
        """Somebody types now and then."""
        page = await self._vscode()
        await open_file(page)
        return await self._keep_on(lambda _: page.keyboard.type("x"))

    async def reads(self) -> float | None:
        """Somebody only reads, and turns the mouse wheel."""
        page = await self._vscode()
        await open_file(page)
        return await self._keep_on(lambda _: page.mouse.wheel(0, 200))

    async def two_windows(self) -> float | None:
        """One of two windows is used."""
        page = await self._vscode()
        second = await page.context.new_page()
        await second.goto(f"{self._hub.url}/user/{self.name}/{self.path}")
        await has_opened(second)
        await open_file(second)
        return await self._keep_on(lambda _: second.keyboard.type("x"))

    async def reloads(self) -> float | None:
        """Somebody types, and reloads the page once."""
        page = await self._vscode()
        await open_file(page)

        async def act(number: int) -> None:
            if number == LONG // PAUSE // 2:
                await page.reload()
                await has_opened(page)
                await open_file(page)
            await page.keyboard.type("x")

        return await self._keep_on(act)

    async def cut_off(self) -> float | None:
        """Somebody types, and the network is down for a minute."""
        async with Link(self._hub.port) as link:
            page = await self._vscode(link.url)
            await open_file(page)

            async def act(number: int) -> None:
                if number == 2:
                    link.cut()
                if number == 2 + 60 // PAUSE:
                    link.mend()
                    await _reconnected(page)
                await page.keyboard.type("x")

            return await self._keep_on(act)

    async def _vscode(self, url: str = "") -> Page:
        student = await Student.arrive(self.name, self._hub, self._browser, url)
        return await student.vscode(self.path)

    async def _keep_on(self, act: Callable[[int], Awaitable[None]]) -> float | None:
        """Act every half minute."""
        for number in range(LONG // PAUSE):
            await act(number)
            lived = await self._lifetime(PAUSE)
            if lived is not None:
                return number * PAUSE + lived
        return None

    async def _lifetime(self, limit: float) -> float | None:
        """Return the seconds until the server has gone, or None if it outlives `limit`."""
        begin = time.monotonic()
        while (lived := time.monotonic() - begin) < limit:
            with suppress(requests.ConnectionError):  # a restarting hub does not answer
                if not await asyncio.to_thread(self._hub.runs, self.name):
                    return lived
            await asyncio.sleep(2)
        return None


async def _reconnected(page: Page) -> None:
    """Reconnect at once; VS Code itself waits longer each time."""
    with suppress(BrowserError):
        await page.get_by_role("button", name="Reconnect Now").click(timeout=5000)
    await page.locator(".monaco-dialog-box").wait_for(state="detached", timeout=60_000)


Case = dict[str, "Callable[[Visit], Awaitable[float | None]]"]
STEADY: Case = {
    "open": Visit.untouched,
    "closed": Visit.closed,
    "job": Visit.job,
    "types": Visit.types,
    "reads": Visit.reads,
    "windows": Visit.two_windows,
    "reloads": Visit.reloads,
    "cut": Visit.cut_off,
}
# The hub and its proxy restart in the middle.
RESTARTED: Case = {
    "restart-open": Visit.untouched,
    "restart-types": Visit.types,
    "restart-job": Visit.job,
}

# Lower and upper bounds of each server's life, in seconds.
ENDLESS = float("inf")
KEPT = (ENDLESS, ENDLESS)
CULLED = (0.0, float(LATEST))
OURS = {
    "open": (TIMEOUT, LATEST),
    "closed": CULLED,
    "job": (JOB_LIMIT, JOB_LIMIT + LATEST),
    "types": KEPT,
    "reads": KEPT,
    "windows": KEPT,
    "reloads": KEPT,
    "cut": KEPT,
    "restart-open": (TIMEOUT, LATEST),
    "restart-types": KEPT,
    "restart-job": (JOB_LIMIT, JOB_LIMIT + LATEST),
}
# The peer's behaviour, not ours: an open page keeps the server, a running job does not.
PEER = {
    **dict.fromkeys(OURS, KEPT),
    "closed": CULLED,
    "job": (0.0, float(JOB_LIMIT)),
    "restart-job": (0.0, float(JOB_LIMIT)),
}
PATHS = {"ours": "codeserver/", "peer": "vscode/"}


Lives = dict[str, "float | str"]


async def _play(hub: Hub, browser: Browser, path: str, cases: Case, first: int) -> Lives:
    """Let all students come, one soon after the other, and return how long their servers lived.

    For a student who could not start working, return the error instead.
    """

    async def one(number: int, name: str) -> float | str:
        await asyncio.sleep(number * ARRIVAL)
        try:
            lived = await cases[name](Visit(hub, browser, name, path))
        except (AssertionError, BrowserError) as error:
            return str(error)
        return ENDLESS if lived is None else lived

    work = [one(number, name) for number, name in enumerate(cases, first)]
    return dict(zip(cases, await asyncio.gather(*work), strict=True))


async def _restart(hub: Hub, after: float) -> None:
    """Restart the hub and its proxy while students work."""
    await asyncio.sleep(after)
    for what, start in (("hub", hub.start_hub), ("proxy", hub.start_proxy)):
        await asyncio.to_thread(hub.stop, what)
        await asyncio.sleep(3)  # a short outage, as in an upgrade
        await asyncio.to_thread(start)


async def _play_all(steady: Hub, restarted: Hub, chromium: str, path: str) -> Lives:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        restarts, others, _ = await asyncio.gather(
            _play(restarted, browser, path, RESTARTED, 0),
            _play(steady, browser, path, STEADY, len(RESTARTED)),
            _restart(restarted, after=RESTART),
        )
        await browser.close()
    return restarts | others


@pytest.fixture(scope="module", params=PATHS)
def lives(
    request: pytest.FixtureRequest,
    hub_environments: dict[str, Path],
    code_server: Path,
    chromium: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Lives:
    """Return for each case how many seconds the server lived after the student's first actions."""
    folder = tmp_path_factory.mktemp("culling")
    start = partial(
        running_hub,
        hub_environments["6"],
        code_server=code_server,
        timeout=TIMEOUT,
        job_limit=JOB_LIMIT,
    )
    with start(folder=folder / "steady") as steady, start(folder=folder / "restarted") as restarted:
        path = PATHS[request.param]
        found = asyncio.run(_play_all(steady, restarted, chromium, path))
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps({name: str(life) for name, life in found.items()}, indent=1)
    (RESULTS / f"culling-{request.param}.json").write_text(text)
    (RESULTS / "culling.md").write_text(_table())
    return found


def _table() -> str:
    """Return the table of all known outcomes, for the documentation."""
    files = [RESULTS / f"culling-{who}.json" for who in PATHS]
    known = [json.loads(file.read_text()) if file.exists() else {} for file in files]
    lines = ["| | ours | jupyter-vscode-proxy |", "|---|---|---|"]
    for name, case in {**STEADY, **RESTARTED}.items():
        restarted = " The hub and its proxy are restarted meanwhile." if name in RESTARTED else ""
        ends = [_end(lives.get(name, "")) for lives in known]
        lines.append(f"| {case.__doc__}{restarted} | {' | '.join(ends)} |")
    return "\n".join([*lines, ""])


def _end(life: str) -> str:
    try:
        return "kept" if float(life) == ENDLESS else f"culled after {float(life):.0f} s"
    except ValueError:  # it is an error message
        return "not known"


@pytest.mark.parametrize("case", OURS)
def test_who_is_culled(lives: Lives, case: str, request: pytest.FixtureRequest) -> None:
    """Each case ends as the documentation says."""
    is_ours = "ours" in request.node.callspec.params.values()
    earliest, latest = (OURS if is_ours else PEER)[case]
    lived = lives[case]
    assert isinstance(lived, float), lived
    assert earliest <= lived <= latest
