"""VS Code's page, with what holds from its first moment."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Where the page carries its configuration: JSON in an attribute, in which code-server escapes
# quotation marks and nothing else. At least one entry follows, which the comma relies on.
_CONFIGURATION = re.compile(
    rb'<meta id="vscode-workbench-web-configuration" data-settings="\{(?=&quot;)'
)

# Its first script, which the page's policy allows by its nonce.
_SCRIPT = re.compile(rb'<script nonce="[^"]*">')

# Its last script, and the largest by far.
_WORKBENCH = re.compile(rb'<script type="module" src="([^"]+/workbench\.js)">')
_STYLESHEET = b'<link rel="stylesheet"'

# Fetched while workbench.js is compiled, and not a round trip after it runs.
_FETCHING = """
new PerformanceObserver((entries, observer) => {
  const end = "/out/vs/code/browser/workbench/workbench.js";
  const workbench = entries.getEntries().find(({ name }) => name.endsWith(end));
  if (!workbench) return;
  observer.disconnect();
  const root = workbench.name.slice(0, -end.length);
  const agent = navigator.userAgent;
  const os = /Windows/.test(agent) ? "win" : /Macintosh/.test(agent) ? "darwin" : "linux";
  for (const path of PATHS) fetch(`${root}/${path.replace("{os}", os)}`).catch(() => {});
}).observe({ type: "resource" });
"""

# The page is complete, and no module of it has run, when its state first changes.
_AS_CALLED = r"""
{
  const address = new URL(location);
  const payload = address.searchParams.get("payload");
  if (payload) {
    const ours = payload.replace(/"vscode-remote:\/\/[^/"]*/g, `"vscode-remote://${location.host}`);
    address.searchParams.set("payload", ours);
    history.replaceState(null, "", address);
  }
  document.addEventListener("readystatechange", () => {
    const { dataset } = document.getElementById("vscode-workbench-web-configuration");
    const settings = JSON.parse(dataset.settings);
    const ours = (trusted) => location.origin + trusted.replace(/^\w+:\/\/[^/]*/, "");
    settings.additionalTrustedDomains = settings.additionalTrustedDomains.map(ours);
    dataset.settings = JSON.stringify(settings);
  }, { once: true });
}
"""

# VS Code learns which editors extensions contribute when the browser is idle: on a slow machine it
# has opened a link's file by then. Where browsers have no such call, as Safari, it does not wait.
_HURRYING = "globalThis.requestIdleCallback = undefined;"

# VS Code, told by a code-server that has been started anew that it does not know the window, asks
# for a reload in a dialog, and tries no more.
_RELOADING = """
{
  let isLeaving = false;
  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      let last;
      this.addEventListener("message", ({ data }) => (last = data));
      this.addEventListener("close", async () => {
        const text = await new Blob([last]).text();
        if (isLeaving || !text.includes('"Unknown reconnection token (never seen)')) return;
        isLeaving = true;
        location.reload(); // the browser asks first if there is text that is kept nowhere
      });
    }
  };
}
"""


def with_defaults(page: bytes, defaults: Mapping[str, Any], trusted: Sequence[str] = ()) -> bytes:
    """The page with defaults of settings, and with addresses that it opens without a question.

    What an extension contributes comes too late for the first screen, and for the panels that are
    open on it. These are what VS Code takes from whoever embeds it
    (`IWorkbenchConstructionOptions`).

    Args:
        page: VS Code's own; one that has no such place is given back as it is.
        defaults: settings and their values, in JSON's types.
        trusted: addresses of other pages of this server, which may end with an asterisk.
    """
    added_entries = {"configurationDefaults": defaults, "additionalTrustedDomains": trusted}
    entry = json.dumps(added_entries)[1:-1]
    added = entry.replace("&", "\\u0026").replace('"', "&quot;").encode()
    return _CONFIGURATION.sub(lambda found: found[0] + added + b",", page, count=1)


def fetching(page: bytes, paths: Sequence[str]) -> bytes:
    """The page, with files fetched as soon as workbench.js is here, ahead of its asking for them.

    Args:
        page: VS Code's own; one without scripts is given back as it is.
        paths: below `static/`; `{os}` stands for what VS Code calls the browser's system.
    """
    return _begun_by(_FETCHING.replace("PATHS", json.dumps(paths)), page) or page


def hurrying(page: bytes) -> bytes:
    """The page, with VS Code ready for the editors of extensions before it opens a file."""
    return _begun_by(_HURRYING, page) or page


def reloading(page: bytes) -> bytes:
    """The page, which reloads itself when it is connected to another code-server than before.

    Args:
        page: VS Code's own; one without scripts is given back as it is.
    """
    return _begun_by(_RELOADING, page) or page


def beginning_with_workbench(page: bytes) -> bytes:
    """The page, with workbench.js asked for before everything else, on the page's own connection.

    Args:
        page: VS Code's own; one without that script is given back as it is.
    """
    found = _WORKBENCH.search(page)
    if not found:
        return page
    preload = b'<link rel="modulepreload" fetchpriority="high" href="%s">' % found[1]
    page = page.replace(_STYLESHEET, _STYLESHEET + b' fetchpriority="low"')
    return page.replace(b"<head>", b"<head>" + preload, 1)


def as_called(page: bytes) -> bytes:
    """The page, with the host and the protocol by which its browser calls in what it opens.

    The server does not know them for sure: a proxy on the way may have changed the host, or tell
    the protocol of another part of the way. Both stay as they are with a VS Code whose page allows
    no script, as that of older ones.
    """
    return _begun_by(_AS_CALLED, page) or page


def at(page: bytes, query: str) -> bytes:
    """The page as if the browser had asked for it with this query, which begins with `?`.

    Without scripts, the browser really asks for it.
    """
    begun = _begun_by(f"history.replaceState(null, '', {json.dumps(query)});", page)
    again = f'<meta http-equiv="refresh" content="0; url={html.escape(query)}">'
    return begun or again.encode() + page


def _begun_by(script: str, page: bytes) -> bytes | None:
    # No string in it is to end the page's script.
    code = script.replace("<", "\\u003c").encode()
    begun, count = _SCRIPT.subn(lambda found: found[0] + code, page, count=1)
    return begun if count else None
