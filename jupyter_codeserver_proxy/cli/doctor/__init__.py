"""The verb `jupyter codeserver doctor`: finds what keeps VS Code from working here."""
