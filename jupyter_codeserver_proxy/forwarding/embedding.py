"""Which pages may frame ours, by the policy that Jupyter answers with."""

from __future__ import annotations

import re

_OURSELVES = "'self'"


def frame_ancestors(policy: str) -> str:
    """The policy for VS Code and its pages that Jupyter's own policy leads to.

    Our own origin may frame them in any case: JupyterLab has VS Code in a tab, and VS Code its
    webviews in frames. (JupyterHub's default, `'none'`, is for pages that are in no frame.)

    Args:
        policy: a Content-Security-Policy; one that does not say who may frame lets everybody.
    """
    directives = [part.split() for part in re.split("[;,]", policy)]
    given = [words[1:] for words in directives if words and words[0].lower() == "frame-ancestors"]
    return ", ".join(_directive([_OURSELVES, *_others(each)]) for each in given or [["*"]])


def _directive(sources: list[str]) -> str:
    return " ".join(["frame-ancestors", *sources])


def lets_others(policy: str) -> bool:
    """Whether a policy of `frame_ancestors` lets pages of any other origin frame ours."""
    return bool(_others(policy.split()[1:]))


def _others(sources: list[str]) -> list[str]:
    return [source for source in sources if source.lower() not in {_OURSELVES, "'none'"}]
