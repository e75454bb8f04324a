"""`jupyter codeserver doctor`: what stands in the way of VS Code here, and what to type."""
