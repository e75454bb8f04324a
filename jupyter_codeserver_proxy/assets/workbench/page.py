"""Adapts VS Code's page: adds default settings, scripts, and hints for the browser."""

from __future__ import annotations

import html
import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .first_load import AFTER_WORKBENCH, WORKBENCH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# The page carries its configuration as JSON in an attribute, in which code-server escapes quotation
# marks and nothing else. At least one entry follows, so a comma may end what is inserted.
_CONFIGURATION = re.compile(
    rb'<meta id="vscode-workbench-web-configuration" data-settings="\{(?=&quot;)'
)

# The page's first script. The page's policy allows scripts by their nonce.
_FIRST_SCRIPT = re.compile(rb'<script nonce="[^"]*">')

# The page's last script, and the largest by far.
_WORKBENCH = re.compile(rb'<script type="module" src="([^"]+/workbench\.js)">')
_STYLESHEET = b'<link rel="stylesheet"'

# VS Code waits until the browser is idle before it learns which editors extensions contribute; on a
# slow machine it has opened a link's file by then. It does not wait in browsers without this call,
# as in Safari.
_LEARN_EDITORS_AT_ONCE = "globalThis.requestIdleCallback = undefined;\n"


def adapt_page(
    page: bytes,
    defaults: Mapping[str, Any],
    *,
    trusted: Sequence[str] = (),
    query: str = "",
    opens_file: bool = False,
) -> bytes:
    """Returns VS Code's page with what must hold from its first moment.

    Leaves each part alone that cannot be found, as in a page of another version. Older pages allow
    no scripts: their addresses keep the host and the protocol that the server knows.

    Args:
        page: VS Code's page as code-server sends it.
        defaults: settings and their values, in JSON's types.
        trusted: addresses of this server that VS Code opens without a question; may end with `*`.
        query: the query that the page is for, with its `?`, if the browser asked without it.
        opens_file: whether the page opens a file at once.
    """
    page = _ask_for_workbench_first(_add_settings(page, defaults, trusted))
    fetch_early = _script("fetch_early.js").replace("WORKBENCH", WORKBENCH)
    address = json.dumps(query).replace("<", "\\u003c")  # which cannot end the script
    scripts = [
        f"history.replaceState(null, '', {address});\n" if query else "",
        _script("reload.js"),
        fetch_early.replace("PATHS", json.dumps(AFTER_WORKBENCH)),
        _script("own_origin.js"),
        _LEARN_EDITORS_AT_ONCE if opens_file else "",
    ]
    code = "".join(scripts).encode()
    adapted, count = _FIRST_SCRIPT.subn(lambda tag: tag[0] + code, page, count=1)
    if query and not count:  # the browser has to ask again
        refresh = f'<meta http-equiv="refresh" content="0; url={html.escape(query)}">'
        return refresh.encode() + page
    return adapted


def _add_settings(page: bytes, defaults: Mapping[str, Any], trusted: Sequence[str]) -> bytes:
    """Adds what VS Code takes from a page that embeds it (`IWorkbenchConstructionOptions`).

    An extension's defaults come too late for the first screen and the panels that are open on it.
    """
    options = {"configurationDefaults": defaults, "additionalTrustedDomains": trusted}
    entries = json.dumps(options)[1:-1].replace("&", "\\u0026").replace('"', "&quot;")
    return _CONFIGURATION.sub(lambda begin: begin[0] + entries.encode() + b",", page, count=1)


def _ask_for_workbench_first(page: bytes) -> bytes:
    """Has the browser ask for workbench.js before all else, on the page's own connection."""
    script = _WORKBENCH.search(page)
    if not script:
        return page
    preload = b'<link rel="modulepreload" fetchpriority="high" href="%s">' % script[1]
    page = page.replace(_STYLESHEET, _STYLESHEET + b' fetchpriority="low"')
    return page.replace(b"<head>", b"<head>" + preload, 1)


@cache
def _script(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
