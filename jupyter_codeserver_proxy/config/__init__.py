"""The options, as Jupyter's configuration and the environment give them."""
