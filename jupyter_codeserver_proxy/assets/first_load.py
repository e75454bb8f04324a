"""What a browser fetches when it opens VS Code for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .files import AssetRoot

# All paths are below `lib/vscode`.
WORKBENCH = "out/vs/code/browser/workbench/workbench.js"

# The large ones in the order in which 4.139.1 asks, up to a file that is shown
# in color; what another version lacks is left out.
_PATHS = (
    "out/nls.messages.js",
    "out/vs/code/browser/workbench/workbench.css",
    WORKBENCH,
    "out/media/codicon.ttf",
    "out/vs/editor/common/services/editorWebWorkerMain.js",
    "out/vs/workbench/api/worker/extensionHostWorkerMain.js",
    "node_modules/vscode-oniguruma/release/main.js",
    "node_modules/vscode-textmate/release/main.js",
    "node_modules/vscode-oniguruma/release/onig.wasm",
)

# What the workbench asks for as soon as it runs; what keeps its first connection waiting although
# it is nowhere, as Microsoft's own build alone has `vsda`; and the names of keys, which come late
# enough to have it draw its menus twice.
AFTER_WORKBENCH = (
    "node_modules/vsda/rust/web/vsda.js",
    "node_modules/vsda/rust/web/vsda_bg.wasm",
    "out/vs/workbench/services/keybinding/browser/keyboardLayouts/layout.contribution.{os}.js",
    "out/media/codicon.ttf",
)


def addresses(root: AssetRoot) -> list[str]:
    """The immutable ones, as paths below code-server's address."""
    return [f"stable-{root.commit}/static/{path}" for path in _PATHS]
