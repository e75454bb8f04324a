"""A server that a student may run in place of Jupyter; it shows a page to everybody."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import urlsplit


class Stranger(BaseHTTPRequestHandler):
    """Serves the same page at every address."""

    def do_GET(self) -> None:
        """Answer without authentication."""
        page = b"<!doctype html><title>bob's page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


HTTPServer(
    ("127.0.0.1", urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"]).port or 0), Stranger
).serve_forever()
