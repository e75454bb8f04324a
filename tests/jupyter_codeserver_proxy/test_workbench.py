"""VS Code's page carries settings."""

from __future__ import annotations

import html
import json
import re

import pytest

from jupyter_codeserver_proxy.workbench import with_defaults

CONFIGURATION = '{"remoteAuthority":"hub","folderUri":{"path":"/a&amp;b"}}'
PAGE = (
    '<html><meta id="vscode-workbench-web-configuration" '
    f'data-settings="{CONFIGURATION.replace(chr(34), "&quot;")}"><p>&</p></html>'
)


@pytest.mark.parametrize(
    "value", [True, None, 16, "plain", 'a "word"', "a & b &amp; <c>", "Übung", {"a": [1, 2]}]
)
def test_the_settings_stand_among_its_configuration(value: object) -> None:
    """Whatever is in them, and all else as it was."""
    lab = "https://hub.example/lab/tree/*"
    page = with_defaults(PAGE.encode(), {"some.setting": value}, [lab]).decode()
    (attribute,) = re.findall(r'data-settings="([^"]*)"', page)
    found = json.loads(html.unescape(attribute))
    assert found.pop("configurationDefaults") == {"some.setting": value}
    assert found.pop("additionalTrustedDomains") == [lab]
    assert found == json.loads(html.unescape(CONFIGURATION))
    assert page.endswith("<p>&</p></html>")


@pytest.mark.parametrize("page", [b"", b"<html></html>", PAGE.encode().replace(b"{", b"[")])
def test_another_page_stays_as_it_is(page: bytes) -> None:
    """What cannot be understood is not touched."""
    assert with_defaults(page, {"some.setting": True}) == page
