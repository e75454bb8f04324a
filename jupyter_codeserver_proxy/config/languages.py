"""The languages that the companion extension supports, and the programs that it looks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# The languages and their servers as in vscode_extension/src/languages/table.ts, which a test
# compares; then the debuggers.
LANGUAGES: Mapping[str, tuple[str, ...]] = {
    "python": ("pyrefly", "ruff", "debugpy"),
    "cpp": ("clangd", "gdb"),
    "java": ("jdtls",),
    "go": ("gopls", "dlv"),
    "rust": ("rust-analyzer", "gdb"),
    "r": ("R",),
    "bash": ("bash-language-server",),
    "javascript": (),
}
