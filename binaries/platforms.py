"""Names the build of code-server that runs on this machine."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from .errors import PlatformError

# The glibc that code-server's releases and VS Code's server are built with.
OLDEST_GLIBC = (2, 28)

_SYSTEMS = {"Linux": "linux", "Darwin": "macos"}
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


@dataclass(frozen=True)
class Machine:
    """The properties of a machine that decide which build runs on it."""

    system: str  # of `platform.system()`
    architecture: str  # of `platform.machine()`
    libc: str = ""  # `glibc`, `musl` or empty
    libc_version: tuple[int, ...] = ()  # for example (2, 36); empty if it is not known


def this_machine() -> Machine:
    """Returns the machine that runs this program."""
    system = platform.system()
    libc, version = _libc() if system == "Linux" else ("", ())
    return Machine(system, platform.machine(), libc, version)


def platform_name(machine: Machine) -> str:
    """Returns the name of the build for a machine, for example `linux-amd64`.

    Raises:
        PlatformError: There is none.
    """
    system = _SYSTEMS.get(machine.system)
    architecture = _ARCHITECTURES.get(machine.architecture.lower())
    if not system or not architecture:
        raise PlatformError(
            f"code-server is not built for {machine.system} on {machine.architecture}; "
            "it is for Linux and macOS on x86-64 and arm64"
        )
    if machine.libc == "musl":
        raise PlatformError(
            "this Linux uses musl (Alpine?), code-server's builds need glibc >= 2.28; "
            "use an image based on Debian or Ubuntu"
        )
    if machine.libc == "glibc" and machine.libc_version < OLDEST_GLIBC:
        raise PlatformError(
            f"glibc here is {'.'.join(map(str, machine.libc_version))}, code-server needs >= 2.28; "
            "use Debian 10, Ubuntu 20.04, RHEL 8 or newer"
        )
    return f"{system}-{architecture}"


def _libc() -> tuple[str, tuple[int, ...]]:
    try:
        name, _, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").partition(" ")
    except (ValueError, OSError):
        name, version = "", ""  # musl does not know this name
    if name == "glibc":
        return name, tuple(int(part) for part in version.split(".") if part.isdigit())
    return ("musl" if list(Path("/lib").glob("ld-musl-*")) else ""), ()
