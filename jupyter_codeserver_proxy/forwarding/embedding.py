"""Which pages may frame ours, derived from Jupyter's Content-Security-Policy (pure)."""

from __future__ import annotations

import re

_SELF = "'self'"


def frame_ancestors(policy: str) -> str:
    """Returns the policy for VS Code and our pages, derived from Jupyter's policy.

    Our own origin may always frame them: JupyterLab shows VS Code in a tab, and VS Code shows
    webviews in frames. (JupyterHub's default, `'none'`, is meant for pages in no frame.)

    Args:
        policy: a Content-Security-Policy; without frame-ancestors it lets everybody frame.
    """
    directives = [part.split() for part in re.split("[;,]", policy)]
    given = [words[1:] for words in directives if words and words[0].lower() == "frame-ancestors"]
    return ", ".join(_directive([_SELF, *_others(sources)]) for sources in given or [["*"]])


def _directive(sources: list[str]) -> str:
    return " ".join(["frame-ancestors", *sources])


def allows_other_origins(policy: str) -> bool:
    """Whether a policy from `frame_ancestors` lets any other origin frame our pages."""
    return bool(_others(policy.split()[1:]))


def _others(sources: list[str]) -> list[str]:
    return [source for source in sources if source.lower() not in {_SELF, "'none'"}]
