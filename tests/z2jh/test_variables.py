"""The variables of the extension that the check of the hub's values knows are those that it has."""

from __future__ import annotations

from jupyter_codeserver_proxy.codeserver import executable
from jupyter_codeserver_proxy.config.environment import variables
from jupyter_codeserver_proxy.config.options import CodeServer
from z2jh.check.rules.unknown_options import VARIABLE, VARIABLES


def test_the_check_knows_the_extensions_variables() -> None:
    """A slip in one is told, and a new one is not taken for a slip."""
    options = CodeServer.class_traits(config=True).items()
    read = {variable for name, option in options for variable in variables(name, option)}
    ours = {name for name in read if name.startswith(VARIABLE)}
    assert ours | {executable.PREFIX_VARIABLE} == set(VARIABLES)
