"""The class's first steps in VS Code and JupyterLab: a notebook, a Python file, their memory."""
