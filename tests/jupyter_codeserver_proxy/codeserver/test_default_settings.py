"""The default settings of VS Code."""

from __future__ import annotations

import pytest

from jupyter_codeserver_proxy.codeserver.default_settings import defaults, for_a_link

ASSOCIATIONS = "workbench.editorAssociations"
NAME = "terminal.integrated.env.linux"
PASSED = "${env:JUPYTER_CODESERVER_NODE_OPTIONS}"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        pytest.param({}, {"NODE_OPTIONS": PASSED}, id="ours"),
        pytest.param({NAME: {"A": "b"}}, {"A": "b", "NODE_OPTIONS": PASSED}, id="both"),
        pytest.param({NAME: {"NODE_OPTIONS": None}}, {"NODE_OPTIONS": None}, id="the operator's"),
        pytest.param({NAME: None}, None, id="nonsense"),
    ],
)
def test_terminals_get_node_options_beside_what_an_operator_gives_them(
    chosen: dict[str, object], expected: object
) -> None:
    """The operator's own variables stay."""
    assert defaults(ai=False, interpreter="", chosen=chosen, node_options=True)[NAME] == expected


def test_terminals_are_left_alone_without_node_options() -> None:
    """Otherwise VS Code would pass on a reference to nothing."""
    assert NAME not in defaults(ai=False, interpreter="", chosen={})


def test_a_links_file_waits_and_an_operators_choice_wins() -> None:
    """Any file has an association, in addition to the operator's."""
    chosen = {ASSOCIATIONS: {"*.csv": "table", "*": "hex"}, "editor.fontSize": 16}
    assert for_a_link(chosen) == chosen
    (pattern,) = for_a_link({})[ASSOCIATIONS]
    assert pattern == "*"
