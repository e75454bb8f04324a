"""An HTTPS reverse proxy that hides from Jupyter the address that browsers use."""

from __future__ import annotations

import select
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "hub.example"  # the tests' browser resolves it to this machine


@contextmanager
def reverse_proxy(target: int, folder: Path) -> Iterator[str]:
    """Forward to a port of this machine, and yield the address for browsers.

    It acts like two load balancers: Jupyter receives another host, and the protocols of both hops,
    of which Tornado uses the last.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))

    class Server(socketserver.ThreadingTCPServer):
        def get_request(self) -> tuple[ssl.SSLSocket, object]:
            browser, address = super().get_request()
            # The connection's own thread does the handshake.
            wrapped = context.wrap_socket(browser, server_side=True, do_handshake_on_connect=False)
            return wrapped, address

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):  # a peer has closed its connection
                _forward(self.request, target)

    with Server(("127.0.0.1", 0), Connection) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"https://{HOST}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def _forward(browser: ssl.SSLSocket, target: int) -> None:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (data := browser.recv(1 << 16)):
            return
        head += data
    with socket.create_connection(("127.0.0.1", target)) as upstream:
        upstream.sendall(_as_proxied(head, f"127.0.0.1:{target}".encode()))
        others: dict[socket.socket, socket.socket] = {browser: upstream, upstream: browser}
        while True:
            ready = [browser] if browser.pending() else select.select([*others], [], [])[0]
            for one in ready:
                if not (data := one.recv(1 << 16)):
                    return
                others[one].sendall(data)


def _as_proxied(received: bytes, host: bytes) -> bytes:
    head, end, body = received.partition(b"\r\n\r\n")
    first, *fields = head.split(b"\r\n")
    told = {b"host": host, b"x-forwarded-proto": b"https,http"}
    if b"\r\nupgrade:" not in head.lower():
        told[b"connection"] = b"close"  # one request on each connection
    kept = [field for field in fields if field.partition(b":")[0].lower() not in told]
    return b"\r\n".join([first, *kept, *map(b": ".join, told.items())]) + end + body


def _certificate(folder: Path) -> Path:
    """Create a key and a self-signed certificate, in one file."""
    file = folder / "hub.pem"
    openssl = shutil.which("openssl")
    assert openssl is not None
    wanted = ["-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={HOST}"]
    command = [openssl, "req", "-x509", *wanted, "-keyout", str(file), "-out", str(file)]
    subprocess.run(command, check=True, capture_output=True)
    return file
