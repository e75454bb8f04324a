"""VS Code's page is adapted."""

from __future__ import annotations

import html
import json
import re

import pytest

from jupyter_codeserver_proxy.assets.workbench.first_load import AFTER_WORKBENCH
from jupyter_codeserver_proxy.assets.workbench.page import adapt_page

CONFIGURATION = '{"remoteAuthority":"hub","folderUri":{"path":"/a&amp;b"}}'
PAGE = (
    '<html><meta id="vscode-workbench-web-configuration" '
    f'data-settings="{CONFIGURATION.replace(chr(34), "&quot;")}"><p>&</p></html>'
)


@pytest.mark.parametrize(
    "value", [True, None, 16, "plain", 'a "word"', "a & b &amp; <c>", "Übung", {"a": [1, 2]}]
)
def test_the_settings_stand_among_its_configuration(value: object) -> None:
    """Every value is kept, and the rest of the page is unchanged."""
    lab = "https://hub.example/lab/tree/*"
    page = adapt_page(PAGE.encode(), {"some.setting": value}, trusted=[lab]).decode()
    (attribute,) = re.findall(r'data-settings="([^"]*)"', page)
    found = json.loads(html.unescape(attribute))
    assert found.pop("configurationDefaults") == {"some.setting": value}
    assert found.pop("additionalTrustedDomains") == [lab]
    assert found == json.loads(html.unescape(CONFIGURATION))
    assert page.endswith("<p>&</p></html>")


@pytest.mark.parametrize("page", [b"", b"<html></html>", PAGE.encode().replace(b"{", b"[")])
def test_another_page_stays_as_it_is(page: bytes) -> None:
    """Unknown parts stay unchanged."""
    assert adapt_page(page, {"some.setting": True}) == page


SCRIPTS = (
    b'<html><script nonce="a-_1">first();</script><script nonce="a-_1">second();</script></html>'
)


def test_the_page_may_be_that_of_another_query() -> None:
    """Its first script says so before anything else runs, and ends where it did."""
    page = adapt_page(SCRIPTS, {}, query="?folder=/a'b</script>\u2028").decode()
    assert page.startswith('<html><script nonce="a-_1">history.replaceState(')
    assert page.count("</script>") == 2
    assert page.endswith(SCRIPTS.decode().partition('">')[2])
    (query,) = re.findall(r"'', (\".*?\")\);", page)
    assert json.loads(query) == "?folder=/a'b</script>\u2028"


def test_a_page_without_scripts_asks_for_the_other_query() -> None:
    """The folder is not lost with a page that begins otherwise."""
    page = adapt_page(b"<html></html>", {}, query='?folder=/a"b&c').decode()
    (address,) = re.findall(r'http-equiv="refresh" content="0; url=([^"]*)"', page)
    assert html.unescape(address) == '?folder=/a"b&c'
    assert page.endswith("<html></html>")


def test_the_page_fetches_ahead_by_its_first_script() -> None:
    """It fetches every file of the list; without scripts, none."""
    page = adapt_page(SCRIPTS, {}).decode()
    assert json.dumps(AFTER_WORKBENCH) in page.partition("first();")[0]
    assert adapt_page(b"<html></html>", {}) == b"<html></html>"


def test_the_page_corrects_its_addresses_by_its_first_script() -> None:
    """A browser test shows the effect; without scripts, the addresses stay."""
    page = adapt_page(SCRIPTS, {})
    assert page.partition(b"first();")[0].count(b"location.host") == 1
    assert page.count(b"</script>") == SCRIPTS.count(b"</script>")
    assert adapt_page(b"<html></html>", {}) == b"<html></html>"


def test_the_page_watches_its_connection_from_the_beginning() -> None:
    """It does so before any other script; without scripts, not at all."""
    page = adapt_page(SCRIPTS, {}).decode()
    script = page.partition("</script>")[0]
    assert script.index("globalThis.WebSocket = class") < script.index("first();")
    assert adapt_page(b"<html></html>", {}) == b"<html></html>"


def test_the_page_asks_for_workbench_js_first() -> None:
    """The request comes before the stylesheet, in whatever order the page has them."""
    script = b'<script type="module" src="./stable-1/static/out/workbench/workbench.js"></script>'
    page = b'<html><head><link rel="stylesheet" href="a.css"></head>' + script + b"</html>"
    begun, _, rest = adapt_page(page, {}).partition(b'<link rel="stylesheet"')
    assert begun.endswith(b' href="./stable-1/static/out/workbench/workbench.js">')
    assert begun.startswith(b'<html><head><link rel="modulepreload" ')
    assert rest == b' fetchpriority="low" href="a.css"></head>' + script + b"</html>"
    other = page.replace(b"workbench.js", b"main.js")
    assert adapt_page(other, {}) == other
