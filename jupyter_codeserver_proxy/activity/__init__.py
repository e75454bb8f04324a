"""Whether a person is here: what VS Code reports, and what follows for culling."""
