"""A small web application behind VS Code's `proxy/PORT/`, which gets the load."""

from __future__ import annotations

import base64
import hashlib
import re
import socketserver
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from tornado.util import _websocket_mask  # in C, so that the echo's own time does not count

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

_ACCEPT_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, 1.3
_CLOSE = 0x88
_MASKED_HEADER = 6  # bytes: a short frame from a client
_LENGTH = 0x7F
_BLOCK = bytes(range(256)) * 4096  # 1 MiB

_KEY = re.compile(rb"(?im)^sec-websocket-key: *(\S+)")
_STREAM = re.compile(rb"GET /stream/(\d+) ")


class _Connection(socketserver.BaseRequestHandler):
    """Answers `GET /stream/N` with N bytes, and any upgrade with an echo."""

    request: socket.socket

    def handle(self) -> None:
        with suppress(ConnectionError):
            head = _head(self.request)
            if key := _KEY.search(head):
                self.request.sendall(_upgraded(key[1]))
                _echo(self.request)
            elif wanted := _STREAM.match(head):
                _stream(self.request, int(wanted[1]))
            else:
                self.request.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")


class _Application(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def application() -> Iterator[int]:
    """Runs the application until the block ends; yields its port."""
    with _Application(("127.0.0.1", 0), _Connection) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def _head(connection: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head and (block := connection.recv(65536)):
        head += block
    return head


def _stream(connection: socket.socket, size: int) -> None:
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        b"Connection: close\r\nContent-Length: %d\r\n\r\n" % size
    )
    for start in range(0, size, len(_BLOCK)):
        connection.sendall(_BLOCK[: size - start])


def _upgraded(key: bytes) -> bytes:
    digest = hashlib.sha1(key + _ACCEPT_GUID).digest()  # noqa: S324 -- RFC 6455 demands it
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % base64.b64encode(digest)
    )


def _echo(connection: socket.socket) -> None:
    """Sends each short message back until the client closes."""
    received = b""
    while block := connection.recv(65536):
        received += block
        frames, start = [], 0
        while (frame := _frame(received, start)) is not None:
            if frame[0] == _CLOSE:
                return
            frames.append(frame)
            start += len(frame) + 4  # the mask
        received = received[start:]
        connection.sendall(b"".join(frames))


def _frame(received: bytes, start: int) -> bytes | None:
    """Returns the client's frame at `start` as a server sends it; None if it is incomplete."""
    begin = start + _MASKED_HEADER
    if len(received) < begin:
        return None
    size = received[start + 1] & _LENGTH
    end = begin + size
    if len(received) < end:
        return None
    payload = _websocket_mask(received[start + 2 : begin], received[begin:end])
    return bytes((received[start], size)) + payload
