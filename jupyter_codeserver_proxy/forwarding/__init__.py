"""The data plane: from the browser to code-server's socket and back."""
