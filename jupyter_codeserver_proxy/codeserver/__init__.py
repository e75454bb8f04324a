"""Knowledge of code-server: its program, arguments, settings and extensions."""
