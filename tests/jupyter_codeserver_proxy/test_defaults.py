"""A link's page has the defaults of settings by which its file waits for its editor."""

from __future__ import annotations

from jupyter_codeserver_proxy.defaults import for_a_link

ASSOCIATIONS = "workbench.editorAssociations"


def test_a_links_file_waits_and_an_operators_choice_wins() -> None:
    """Any file has an association, beside those that an operator has made."""
    chosen = {ASSOCIATIONS: {"*.csv": "table", "*": "hex"}, "editor.fontSize": 16}
    assert for_a_link(chosen) == chosen
    (pattern,) = for_a_link({})[ASSOCIATIONS]
    assert pattern == "*"
