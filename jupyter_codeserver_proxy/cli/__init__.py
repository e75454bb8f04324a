"""The command line `jupyter codeserver`."""
