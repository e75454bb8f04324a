"""The languages that the companion extension supports, and the programs that it looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# As in vscode_extension/src/languages/table.ts, which a test compares.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "python": ("basedpyright-langserver", "ruff", "debugpy-adapter"),
    "cpp": ("clangd", "gdb"),
    "java": ("jdtls",),
    "go": ("gopls",),
    "rust": ("rust-analyzer",),
    "r": ("R",),
    "bash": ("bash-language-server",),
    "javascript": (),
}
