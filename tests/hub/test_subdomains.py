"""With a subdomain for each student, a student's page gets nothing from another's server."""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest
from playwright.async_api import async_playwright, expect

from tests.hub.conftest import PASSWORD, Student, has_opened, running_hub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from playwright.async_api import Browser, Frame, Page

    from tests.hub.conftest import Hub

pytestmark = pytest.mark.hub

T = TypeVar("T")

HERE = Path(__file__).parent
TRUSTWORTHY = "hub.localhost"
"""A domain that browsers treat like HTTPS: they send Sec-Fetch-Site."""
PLAIN = "hub.test"
"""A domain that browsers treat as plain HTTP."""

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
STATUS = """async (api) => {
  const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/)[1];
  return (await (await fetch(api, { headers: { "X-XSRFToken": token } })).json()).state;
}"""
WORKER = "webWorkerExtensionHostIframe"
SERVICE_WORKERS = "navigator.serviceWorker.getRegistrations().then((found) => found.length)"
# Tries to read files by all ways that a page has.
READING = """async ({ folder, referrerPolicy }) => {
  const loads = (tag, attributes) => new Promise((done) => {
    const element = Object.assign(document.createElement(tag), { referrerPolicy, ...attributes });
    element.onload = () => done(true);
    element.onerror = () => done(false);
    document.head.append(element);
  });
  const fetched = async (mode) => {
    const options = { credentials: "include", mode, referrerPolicy };
    const answer = await fetch(`${folder}/secret.js`, options).catch(() => null);
    return Boolean(answer) && (await answer.text()).includes("stolen");
  };
  return {
    script: await loads("script", { src: `${folder}/secret.js` }) || "stolen" in window,
    module: await loads("script", { src: `${folder}/secret.js?`, type: "module" }),
    sheet: await loads("link", { href: `${folder}/secret.css`, rel: "stylesheet" }),
    image: await loads("img", { src: `${folder}/picture.png` }),
    fetch: await fetched("cors"),
    opaque: await fetched("no-cors"),
  };
}"""
# Tries to send requests by all ways that a page has.
SENDING = """async ({ vscode, api, application, embeds }) => {
  const settled = (element) => new Promise((done) => {
    element.onload = element.onerror = done;
    document.body.append(element);
    setTimeout(done, 3000);  // an object that is refused tells nobody
  });
  const made = (tag, attributes) => Object.assign(document.createElement(tag), attributes);
  const send = (url, method) =>
    fetch(url, { method, mode: "no-cors", credentials: "include" }).catch(() => null);
  await send(`${application}/get`, "GET");
  await send(`${application}/head`, "HEAD");
  await send(`${application}/post`, "POST");
  await send(`${vscode}/mint-key`, "POST");
  await send(`${api}/start`, "POST");
  await send(`${vscode}/`, "GET");
  await send(`${vscode}/open/`, "GET");
  navigator.sendBeacon(`${application}/beacon`, "x");
  await settled(made("img", { src: `${application}/image` }));
  if (embeds) await settled(made("object", { data: `${application}/object`, type: "text/html" }));
  const form = made("form", { action: `${application}/form`, method: "post", target: "sink" });
  document.body.append(made("iframe", { name: "sink" }), form);
  form.submit();
  return Promise.all([`${application}/ws`, `${vscode}/?reconnectionToken=x`].map((url) =>
    new Promise((done) => {
      const socket = new WebSocket(url.replace(/^http/, "ws"));
      socket.onopen = () => done(true);
      socket.onerror = () => done(false);
    })));
}"""
FRAME = """(url) => {
  const frame = document.createElement("iframe");
  frame.src = url;
  frame.width = frame.height = "800";
  document.body.append(frame);
}"""


@contextmanager
def application() -> Iterator[tuple[int, list[str]]]:
    """Run an application on alice's machine; yield its port and the requests that reach it."""
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(f"{self.command} {self.path}")
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        do_POST = do_HEAD = do_GET  # noqa: N815 -- http.server calls these names

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_port, heard
        finally:
            server.shutdown()


@dataclass
class Neighbours:
    """Alice with her server, and bob's page in her browser.

    Attributes:
        secure: whether browsers send Sec-Fetch headers and have service workers.
        heard: the requests that have reached the application on her port.
    """

    alice: Student
    home: Path
    secure: bool
    lab: Page
    bobs: Page
    addresses: dict[str, str]
    heard: list[str]

    @classmethod
    async def meet(cls, hub: Hub, browser: Browser, port: int, heard: list[str]) -> Neighbours:
        """Let alice open JupyterLab and bob's page, whose server needs no login."""
        bob = await Student.arrive("bob", hub, browser)
        await _login(bob, "spawn/bob")
        alice = await Student.arrive("alice", hub, browser)
        home = hub.home("alice")
        (home / "secret.js").write_text("window.stolen = 1")
        (home / "secret.css").write_text("body { --stolen: 1 }")
        (home / "picture.png").write_bytes(PIXEL)
        (home / "lesson.md").write_text("# A lesson\n\n![a picture](picture.png)\n")
        lab = await alice.login("lab")
        bobs = await alice.context.new_page()
        await bobs.goto(f"{hub.server('bob')}/")
        assert await bobs.title() == "bob's page"
        addresses = {
            "vscode": f"{hub.server('alice')}/codeserver",
            "api": f"{hub.server('alice')}/api/codeserver",
            "application": f"{hub.server('alice')}/codeserver/proxy/{port}",
        }
        return cls(alice, home, hub.domain == TRUSTWORTHY, lab, bobs, addresses, heard)

    async def state(self) -> str:
        """Return code-server's state from the status API."""
        return str(await self.lab.evaluate(STATUS, self.addresses["api"]))

    async def starts_nothing(self) -> None:
        """Check that bob's page cannot start VS Code, which alice has not opened yet."""
        await self.sends_nothing()
        if self.secure:  # otherwise a frame looks like a link, which may start it
            await self.frames_nothing("vscode")
        assert await self.state() == "stopped"

    async def reads_nothing(self, vscode: Page) -> None:
        """Check that his page cannot read what hers can, with and without a Referer."""
        html = await vscode.content()
        (root,) = set(re.findall(r"/stable-[0-9a-f]+/", html))
        folder = f"{self.addresses['vscode']}{root}vscode-remote-resource?path={self.home}"
        own = await vscode.evaluate(READING, {"folder": folder, "referrerPolicy": ""})
        assert own["script"]
        assert own["fetch"]
        for policy in ("", "no-referrer"):
            options = {"folder": folder, "referrerPolicy": policy}
            found = await self.bobs.evaluate(READING, options)
            assert not any(found.values()), (policy, found)

    async def sends_nothing(self) -> None:
        """Check that no request of his reaches her application, and no websocket opens."""
        given = {**self.addresses, "embeds": self.secure}  # otherwise an object looks like a frame
        assert await self.bobs.evaluate(SENDING, given) == [False, False]
        assert self.heard == []

    async def frames_nothing(self, *names: str) -> None:
        """Check that the browser shows its own error page in the frame."""
        for name in names:
            await self.bobs.reload()
            await self.bobs.evaluate(FRAME, f"{self.addresses[name]}/")
            # The server refuses, or the browser obeys a response's policy.
            await _until(lambda: _is(self.bobs.frames[-1].url.startswith("chrome-error:")))


@pytest.mark.parametrize("domain", [TRUSTWORTHY, PLAIN])
def test_another_students_page_gets_nothing(
    domain: str, hub_environments: dict[str, Path], code_server: Path, chromium: str, tmp_path: Path
) -> None:
    """In alice's browser it cannot read, send, start or frame; her own VS Code works."""

    async def scenario(hub: Hub, port: int, heard: list[str]) -> None:
        rules = f"MAP *.{PLAIN} 127.0.0.1, MAP {PLAIN} 127.0.0.1"
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(
                executable_path=chromium, args=["--no-sandbox", f"--host-resolver-rules={rules}"]
            )
            neighbours = await Neighbours.meet(hub, browser, port, heard)
            await neighbours.starts_nothing()
            vscode = await _opened_by_a_link(neighbours)
            await neighbours.reads_nothing(vscode)
            await neighbours.sends_nothing()
            own = f"{neighbours.addresses['application']}/own"
            await vscode.evaluate("(url) => fetch(url)", own)
            assert heard == ["GET /own"]
            await neighbours.frames_nothing("vscode", "application")
            # VS Code is in a JupyterLab tab.
            await neighbours.lab.evaluate(FRAME, f"{neighbours.addresses['vscode']}/")
            framed = neighbours.lab.frame_locator("iframe[src$='/codeserver/']")
            await expect(framed.get_by_text("lesson.md").first).to_be_visible(timeout=120_000)
            await browser.close()

    stranger = str(HERE / "strangers_server.py")
    with (
        application() as (port, heard),
        running_hub(
            hub_environments["5"],
            tmp_path / "hub",
            code_server,
            domain=domain,
            strangers_server=stranger,
        ) as hub,
    ):
        asyncio.run(asyncio.wait_for(scenario(hub, port, heard), 300))


async def _login(student: Student, path: str) -> None:
    page = await student.context.new_page()
    await page.goto(f"{student.url}/hub/login?next=%2Fhub%2F{path}")
    await page.fill("#username_input", student.name)
    await page.fill("#password_input", PASSWORD)
    await page.click("#login_submit")
    await page.wait_for_url(f"**/user/{student.name}/**")


async def _opened_by_a_link(neighbours: Neighbours) -> Page:
    """A link on bob's page opens alice's VS Code, as an instructor's does, and all of it works."""
    page = await neighbours.alice.context.new_page()
    await page.goto(neighbours.bobs.url)
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(answer.url) if answer.status == 403 else None)
    address = f"{neighbours.addresses['vscode']}/"
    await page.evaluate("(url) => { location.href = url; }", address)
    await has_opened(page)
    await _until(lambda: _is(any(WORKER in frame.url for frame in page.frames)))
    if neighbours.secure:  # plain HTTP has neither service workers nor webviews
        await _until(lambda: page.evaluate(SERVICE_WORKERS))
        row = page.locator(".explorer-folders-view .monaco-list-row", has_text="lesson.md")
        await row.dblclick()
        await expect(page.locator(".tab.active", has_text="lesson.md")).to_be_visible()
        preview = await _until(lambda: _preview(page))
        await preview.wait_for_function("[...document.images].every((each) => each.naturalWidth)")
    assert not refused
    return page


async def _preview(page: Page) -> Frame | None:
    """Return the frame of the lesson's preview, which appears once VS Code's extension runs."""
    if not await page.locator(".tab", has_text="Preview lesson.md").count():
        await page.locator(".tab", has_text="lesson.md").click()
        await page.keyboard.press("Control+Shift+V")
        await page.wait_for_timeout(500)
    for frame in page.frames:
        if await frame.locator("h1", has_text="A lesson").count():
            return frame
    return None


async def _is(fact: bool) -> bool:  # noqa: FBT001 -- a condition
    return fact


async def _until(condition: Callable[[], Awaitable[T | None]]) -> T:
    while not (found := await condition()):  # noqa: ASYNC110 -- the browser has no Event
        await asyncio.sleep(0.1)
    return found
