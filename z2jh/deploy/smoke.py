"""Whether a hub that was just deployed answers as a hub does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests

from z2jh.problems import UnusableError

if TYPE_CHECKING:
    from collections.abc import Callable

_PAUSE = 2.0  # seconds between two tries
_TIMEOUT = 10  # seconds for one request


class NotWellError(UnusableError):
    """The hub does not answer as it should."""


def wait(
    url: str,
    patience: float,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Wait until the hub's API and its login page answer; gives JupyterHub's version.

    After `patience` seconds the hub counts as broken; certificates take a minute at first.

    Raises:
        NotWellError: it did not answer in time; the message has the last reason.
    """
    deadline = clock() + patience
    while True:
        try:
            return _look(url)
        except (requests.RequestException, NotWellError) as error:
            if clock() >= deadline:
                raise NotWellError(f"{url} is not well after {patience:.0f} s: {error}") from error
        sleep(_PAUSE)


def _look(url: str) -> str:
    answer = requests.get(f"{url}/hub/api/", timeout=_TIMEOUT)
    if not answer.ok:
        raise NotWellError(f"hub/api answers {answer.status_code}")
    try:
        version = answer.json()["version"]
    except (ValueError, KeyError, TypeError) as error:
        raise NotWellError("hub/api is not JupyterHub's") from error
    page = requests.get(f"{url}/hub/login", timeout=_TIMEOUT)
    if not page.ok:
        raise NotWellError(f"the login page answers {page.status_code}")
    return str(version)
