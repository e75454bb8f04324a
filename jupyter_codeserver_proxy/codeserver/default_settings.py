"""The settings that VS Code starts with: defaults all, which a student's own settings win over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .command import NODE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALWAYS = {
    # The first screen is the class's folder: no page and no question comes before it.
    "workbench.startupEditor": "none",
    "git.openRepositoryInParentFolders": "never",
    "extensions.ignoreRecommendations": True,
    # Nothing is sent, and nothing is asked of the internet that nobody has asked for.
    "telemetry.telemetryLevel": "off",
    "workbench.enableExperiments": False,
    "workbench.settings.enableNaturalLanguageSearch": False,
    "extensions.autoCheckUpdates": False,
    "extensions.autoUpdate": False,
    "npm.fetchOnlinePackageInfo": False,
    # A machine that is taken away takes no work with it.
    "files.autoSave": "afterDelay",
}
_WITHOUT_AI = {
    "chat.disableAIFeatures": True,
    # Its panel is the only one that is there from the start.
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    # The list of its models, which every new home gets: as JSON it would have VS Code start its
    # server of that language, 40 MB for a student who has opened nothing.
    "files.associations": {"chatLanguageModels.json": "plaintext"},
}
_TERMINALS = ("terminal.integrated.env.linux", "terminal.integrated.env.osx")

# VS Code opens a link's file before it knows the editors that extensions bring, unless a setting
# may name one of them for it: this names one that there never is.
_ASSOCIATIONS = "workbench.editorAssociations"
_ANY_FILE = {"*": "whatever-extensions-bring"}


def defaults(
    *, ai: bool, interpreter: str, chosen: Mapping[str, Any], node_options: bool = False
) -> dict[str, Any]:
    """What VS Code is to take for the default of settings.

    Args:
        ai: whether VS Code has its assistant.
        interpreter: the Python that a notebook's kernel runs in.
        chosen: the operator's own, which win over ours.
        node_options: whether terminals get the NODE_OPTIONS that code-server does not.
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
    """The same for a page that opens a file at once, which waits for the editors of extensions."""
    return {**defaults, _ASSOCIATIONS: {**_ANY_FILE, **defaults.get(_ASSOCIATIONS, {})}}
