"""The pages that a student sees while VS Code starts, or when it cannot be shown."""

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
    """A page and its policy.

    Attributes:
        html: the page, which loads nothing else.
        policy: its Content-Security-Policy.
    """

    html: bytes
    policy: str


@dataclass(frozen=True)
class PageContext:
    """What every page needs from the server.

    Attributes:
        title: the name of VS Code for students.
        api: the URL path of the status API.
        xsrf_token: Jupyter's token for a POST.
        frame_ancestors: the directive of the policy that says who may frame the page.
    """

    title: str
    api: str
    xsrf_token: str
    frame_ancestors: str


def starting(context: PageContext, log: Sequence[str], note: str) -> Page:
    """Returns the page of a start: a note and the log's last line; it turns into VS Code."""
    return _page("starting.html", context, line=log[-1] if log else "", note=note)


def failed(context: PageContext, failure: Failure) -> Page:
    """Returns the page of a failure: what happened, the likely cause, what to do, the log."""
    return _page("failed.html", context, failure=failure, log="\n".join(failure.log))


def too_large(context: PageContext) -> Page:
    """Returns the page for cookies that are larger than VS Code takes: what to do."""
    return _page("too_large.html", context)


def _page(name: str, context: PageContext, **values: object) -> Page:
    nonce = secrets.token_urlsafe(16)
    html = _PAGES.load(name).generate(nonce=nonce, **vars(context), **values)
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; "
        "img-src data:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
        f"{context.frame_ancestors}"
    )
    return Page(html, policy)
