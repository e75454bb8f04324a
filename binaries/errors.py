"""Errors, one class for each thing that a caller can act on.

FetchError                   1  any other error
├── UsageError               2  a wrong argument
├── NotFoundError            3  an unknown version, or one that is not installed
├── VerificationError        4  bytes that differ from the pinned ones, or are hostile or damaged
├── NetworkError             5  the source is out of reach
├── NoRoomError              6  the disk is full, or would be
├── PlatformError            7  code-server does not run on this machine
├── LockedError              8  another install is at work in the same prefix
└── KnownBadError            9  a release that is known not to work

The number is the exit code of the command line. 0 is success, and 130 an interrupt.
"""

from __future__ import annotations


class FetchError(Exception):
    """The fetcher cannot continue; the message is one line for a person."""

    exit_code = 1


class UsageError(FetchError):
    """An argument is wrong."""

    exit_code = 2


class NotFoundError(FetchError):
    """The version is not pinned, or not installed."""

    exit_code = 3


class VerificationError(FetchError):
    """The bytes differ from the pinned ones, or do not make a working code-server."""

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
    """Another process has locked the prefix."""

    exit_code = 8


class KnownBadError(FetchError):
    """The release is known not to work."""

    exit_code = 9
