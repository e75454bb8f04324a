"""The rules on values and on what is rendered from them, a module for each subject."""
