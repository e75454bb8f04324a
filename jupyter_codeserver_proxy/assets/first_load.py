"""What a browser fetches when it opens VS Code for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .files import AssetRoot

# Below `lib/vscode`, in the order in which 4.139.1 asks; what a version lacks is left out.
_PATHS = (
    "out/vs/code/browser/workbench/workbench.js",
    "out/vs/code/browser/workbench/workbench.css",
    "out/nls.messages.js",
)


def addresses(root: AssetRoot) -> list[str]:
    """The immutable ones, as paths below code-server's address."""
    return [f"stable-{root.commit}/static/{path}" for path in _PATHS]
