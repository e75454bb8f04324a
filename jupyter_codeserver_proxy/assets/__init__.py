"""VS Code's immutable files, from disk."""
