"""The default settings of VS Code, which a student's own settings override."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .command import NODE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS = {
    # The first screen shows the class's folder, without a page or a question before it.
    "workbench.startupEditor": "none",
    "git.openRepositoryInParentFolders": "never",
    "extensions.ignoreRecommendations": True,
    # VS Code sends nothing to the internet, and asks it only for what a person wants.
    "telemetry.telemetryLevel": "off",
    "workbench.enableExperiments": False,
    "workbench.settings.enableNaturalLanguageSearch": False,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "npm.fetchOnlinePackageInfo": False,
    # Language servers would put types and names of parameters between what a student has typed.
    "editor.inlayHints.enabled": "offUnlessPressed",
    # No work is lost when the machine is taken away.
    "files.autoSave": "afterDelay",
}
_WITHOUT_AI = {
    "chat.disableAIFeatures": True,
    # The assistant's panel would be the only one that is open from the start.
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    # Every new home gets this list of the assistant's models. As JSON it would start VS Code's JSON
    # language server, 40 MB for a student who has opened nothing.
    "files.associations": {"chatLanguageModels.json": "plaintext"},
}
_TERMINALS = ("terminal.integrated.env.linux", "terminal.integrated.env.osx")

# VS Code opens a link's file before extensions have registered their editors, unless a setting
# names an unknown editor for it. So this names one that never exists.
_ASSOCIATIONS = "workbench.editorAssociations"
_ANY_FILE = {"*": "whatever-extensions-bring"}


def defaults(
    *, ai: bool, interpreter: str, chosen: Mapping[str, Any], node_options: bool = False
) -> dict[str, Any]:
    """Returns the default settings.

    Args:
        ai: whether VS Code has its assistant.
        interpreter: the Python of a notebook's kernel.
        chosen: the operator's defaults, which win over ours.
        node_options: whether terminals get the NODE_OPTIONS that are withheld from code-server.
    """
    python = {"python.defaultInterpreterPath": interpreter}
    result = {**_ALWAYS, **({} if ai else _WITHOUT_AI), **python, **chosen}
    if node_options:
        passed = {"NODE_OPTIONS": f"${{env:{NODE_OPTIONS}}}"}
        for name in _TERMINALS:
            if isinstance(own := chosen.get(name, {}), dict):
                result[name] = {**passed, **own}
    return result


def for_a_link(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the defaults for a page that opens a file, and so waits for extensions' editors."""
    return {**defaults, _ASSOCIATIONS: {**_ANY_FILE, **defaults.get(_ASSOCIATIONS, {})}}
