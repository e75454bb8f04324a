"""The options, read from Jupyter's configuration and the environment."""
