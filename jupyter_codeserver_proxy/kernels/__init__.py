"""The kernels socket: Jupyter's kernels for the companion extension."""
