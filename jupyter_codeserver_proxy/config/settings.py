"""The values of the options, as the service and its parts take them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_codeserver_proxy.codeserver.command import StartOptions
    from jupyter_codeserver_proxy.supervision.run import ProcessOptions


@dataclass(frozen=True)
class Settings:
    """The values of the options, made once at the start of the Jupyter server.

    Attributes:
        start: options of the program that is started.
        process: options of its supervision.
        prestart: whether code-server starts with the Jupyter server.
        prefetch: whether browsers fetch assets before the first click.
        job_limit: seconds for which a running job counts as use after a person's last action.
        idle_timeout: seconds without use after which code-server is stopped; 0: never.
        kernels: whether VS Code runs notebooks on Jupyter's kernels.
        sandboxed_applications: whether pages from a student's ports get an origin of their own.
    """

    start: StartOptions
    process: ProcessOptions
    prestart: bool
    prefetch: bool
    job_limit: float
    idle_timeout: float
    kernels: bool
    sandboxed_applications: bool
