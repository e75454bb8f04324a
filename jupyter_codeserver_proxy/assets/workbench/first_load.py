"""Lists the files that a browser fetches when it opens VS Code for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_codeserver_proxy.assets.files import AssetRoot

# All paths are below `lib/vscode`.
WORKBENCH = "out/vs/code/browser/workbench/workbench.js"

# The large files, in the order in which 4.139.1 asks for them until it shows a file in colour.
# Those that another version lacks are left out.
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

# Files that workbench.js asks for as soon as it runs. Its first connection waits for `vsda`, which
# only Microsoft's own build has. Without the keyboard layout it draws its menus twice.
# `{os}` stands for VS Code's name of the browser's system.
AFTER_WORKBENCH = (
    "node_modules/vsda/rust/web/vsda.js",
    "node_modules/vsda/rust/web/vsda_bg.wasm",
    "out/vs/workbench/services/keybinding/browser/keyboardLayouts/layout.contribution.{os}.js",
    "out/media/codicon.ttf",
)


def addresses(root: AssetRoot) -> list[str]:
    """Returns the paths of the large files below code-server's address."""
    return [f"stable-{root.commit}/static/{path}" for path in _PATHS]
