"""The one code-server of a Jupyter server."""
