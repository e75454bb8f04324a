"""The routes, and the pages that they answer with."""
