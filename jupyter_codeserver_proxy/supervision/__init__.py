"""One code-server: started, watched, ended."""
