"""The pages that a student sees instead of VS Code: it starts, has failed, or is refused."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tornado.template import Loader

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jupyter_codeserver_proxy.failure import Failure

_PAGES = Loader(str(Path(__file__).with_name("pages")))


@dataclass(frozen=True)
class Page:
    """An answer for a browser.

    Attributes:
        html: the page, complete: it loads nothing.
        policy: the Content-Security-Policy that it was written for.
    """

    html: bytes
    policy: str


@dataclass(frozen=True)
class Surroundings:
    """What a page has to know of the server.

    Attributes:
        title: what the student calls VS Code.
        api: the URL path of the status API.
        xsrf_token: what Jupyter wants to see with a POST.
        frame_ancestors: the policy's directive of who may frame it.
    """

    title: str
    api: str
    xsrf_token: str
    frame_ancestors: str


def starting(surroundings: Surroundings, log: Sequence[str], note: str) -> Page:
    """VS Code is starting: shows a note and the log's last line, and turns into VS Code."""
    return _page("starting.html", surroundings, line=log[-1] if log else "", note=note)


def failed(surroundings: Surroundings, failure: Failure) -> Page:
    """VS Code does not run: what happened, the likely cause, what to do, the log's tail."""
    return _page("failed.html", surroundings, failure=failure, log="\n".join(failure.log))


def too_large(surroundings: Surroundings) -> Page:
    """What the browser sends along is more than VS Code takes: whose cookies, what to do."""
    return _page("too_large.html", surroundings)


def _page(name: str, surroundings: Surroundings, **values: object) -> Page:
    nonce = secrets.token_urlsafe(16)
    html = _PAGES.load(name).generate(nonce=nonce, **vars(surroundings), **values)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        f"{surroundings.frame_ancestors}"
    )
    return Page(html, policy)
