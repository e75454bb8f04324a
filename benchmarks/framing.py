"""`python -m benchmarks.framing`: reads responses with our framing and with h11, side by side."""

from __future__ import annotations

from statistics import median
from time import perf_counter

import h11

from jupyter_codeserver_proxy.forwarding.framing import body_framing, parse_head

_ROUNDS = 9
_RESPONSES = 2000  # in each round
_HEAD = (
    b"HTTP/1.1 200 OK\r\nContent-Security-Policy: frame-ancestors 'self'\r\n"
    b"Cache-Control: public, max-age=31536000\r\nVary: Accept-Encoding\r\n"
    b"Content-Type: application/javascript; charset=utf-8\r\n"
    b'ETag: W/"1f40-19341b2c8a0"\r\nLast-Modified: Tue, 19 Nov 2024 08:00:00 GMT\r\n'
    b"Date: Wed, 20 Nov 2024 08:00:00 GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=5\r\n"
)
_CHUNK = b"%x\r\n%b\r\n" % (4096, bytes(4096))
RESPONSES = {
    "a head alone": _HEAD + b"Content-Length: 0\r\n\r\n",
    "8 KiB": _HEAD + b"Content-Length: 8192\r\n\r\n" + bytes(8192),
    "8 KiB in chunks": _HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + 2 * _CHUNK + b"0\r\n\r\n",
}


def read_with_ours(responses: list[bytes]) -> float:
    """Returns the seconds in which our framing finds the end of each response."""
    start = perf_counter()
    for data in responses:
        end = data.find(b"\r\n\r\n")
        framing = body_framing(parse_head(data[:end]), "GET")
        framing.consume(data[end + 4 :])
        if not framing.complete:
            raise ValueError(data)
    return perf_counter() - start


def read_with_h11(responses: list[bytes]) -> float:
    """Returns the seconds in which h11 does, without those for the requests."""
    connections = [h11.Connection(h11.CLIENT) for _ in responses]
    for connection in connections:
        connection.send(h11.Request(method="GET", target="/", headers=[("Host", "localhost")]))
        connection.send(h11.EndOfMessage())
    start = perf_counter()
    for connection, data in zip(connections, responses, strict=True):
        connection.receive_data(data)
        while not isinstance(event := connection.next_event(), h11.EndOfMessage):
            if event is h11.NEED_DATA:
                raise ValueError(data)
    return perf_counter() - start


def main() -> None:
    """Prints the medians for each kind of response, of rounds that take turns."""
    for name, response in RESPONSES.items():
        responses = [response] * _RESPONSES
        rounds = [(read_with_ours(responses), read_with_h11(responses)) for _ in range(_ROUNDS)]
        ours, theirs = (median(times) / _RESPONSES * 1e6 for times in zip(*rounds, strict=True))
        print(f"{name}: ours {ours:.1f} µs, h11 {theirs:.1f} µs, {theirs / ours:.1f} times")  # noqa: T201 -- a program's output


if __name__ == "__main__":
    main()
