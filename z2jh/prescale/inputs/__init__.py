"""The operator's files, read and checked."""
