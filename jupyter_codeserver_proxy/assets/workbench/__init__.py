"""VS Code's page and the files that its first load fetches."""
