"""The routes and their handlers, and the pages that they answer with."""
