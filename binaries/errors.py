"""What can go wrong, one class for each thing that a caller can act on.

FetchError                   1  anything else that stopped the work
├── UsageError               2  a wrong argument
├── NotFoundError            3  an unknown version, or one that is not installed
├── VerificationError        4  bytes that are not what was pinned, or that are hostile or damaged
├── NetworkError             5  the source is out of reach
├── NoRoomError              6  the disk is full, or would be
├── PlatformError            7  code-server does not run on this machine
├── LockedError              8  another install is at work in the same prefix
└── KnownBadError            9  a release that is known not to work

The number is the exit code of the command line; 0 is success and 130 an interrupt.
"""

from __future__ import annotations


class FetchError(Exception):
    """The fetcher cannot go on; the message is one line for a person."""

    exit_code = 1


class UsageError(FetchError):
    """An argument is wrong."""

    exit_code = 2


class NotFoundError(FetchError):
    """The version is not pinned, or not installed."""

    exit_code = 3


class VerificationError(FetchError):
    """The bytes are not those that were pinned, or do not make a working code-server."""

    exit_code = 4


class NetworkError(FetchError):
    """The source is out of reach."""

    exit_code = 5


class NoRoomError(FetchError):
    """The file system has too little room."""

    exit_code = 6


class PlatformError(FetchError):
    """There is no code-server for this machine."""

    exit_code = 7


class LockedError(FetchError):
    """Another process holds the prefix."""

    exit_code = 8


class KnownBadError(FetchError):
    """The release is known not to work."""

    exit_code = 9
