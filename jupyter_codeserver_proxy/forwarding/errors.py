"""What can go wrong between us and upstream.

UpstreamError
├── ExhaustedError            no file descriptor is left for a connection
├── UnreachableError          nothing listens on the socket
├── DisconnectedError         the connection ended before the response did
├── HeadTooLargeError         upstream takes no request head of this size
└── MalformedResponseError    the response is not HTTP/1
"""


class UpstreamError(Exception):
    """Upstream did not answer."""


class ExhaustedError(UpstreamError):
    """No file descriptor is left for another connection."""

    def __init__(self) -> None:
        super().__init__("too many files and connections are open at once")


class UnreachableError(UpstreamError):
    """Nothing listens on the socket."""


class DisconnectedError(UpstreamError):
    """The connection ended before the response did."""


class HeadTooLargeError(UpstreamError):
    """Upstream takes no request head of this size."""

    def __init__(self) -> None:
        super().__init__(
            "What the browser sends along, mostly this site's cookies, is larger than code-server "
            "takes. Delete this site's cookies in the browser's settings, and log in again."
        )


class MalformedResponseError(UpstreamError):
    """Upstream sent something other than an HTTP/1 response."""
