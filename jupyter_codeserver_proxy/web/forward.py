"""How code-server's responses change on their way to the browser (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jupyter_codeserver_proxy.assets.workbench.page import adapt_page
from jupyter_codeserver_proxy.codeserver.default_settings import for_a_link
from jupyter_codeserver_proxy.forwarding.decision import Forward

from . import link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from jupyter_codeserver_proxy.forwarding.framing import ResponseHead

_IMMUTABLE = "/stable-"
_APPLICATION = re.compile(r"/(abs)?proxy/", re.IGNORECASE)  # code-server ignores case here
_SANDBOX = "sandbox allow-scripts allow-forms allow-modals allow-popups allow-downloads"
_SAME_PAGE = b"./?"  # the start of code-server's redirect to a folder
_MISSING_MAX_AGE = 60  # seconds


@dataclass(frozen=True)
class Workbench:
    """What VS Code's page gets.

    Attributes:
        defaults: default settings.
        jupyterlab: the URL that the companion extension opens; the page corrects its origin.
        query: the query of the page's URL.
        is_redirected: whether the browser asked without that query.
    """

    defaults: Mapping[str, Any]
    jupyterlab: str
    query: str
    is_redirected: bool = False

    def rewrite(self, page: bytes) -> bytes:
        """Returns VS Code's page with settings and scripts that have to work from the start."""
        opens_file = link.opens_file(self.query)
        return adapt_page(
            page,
            for_a_link(self.defaults) if opens_file else self.defaults,
            trusted=[self.jupyterlab],
            query=f"?{self.query}" if self.is_redirected else "",
            opens_file=opens_file,
        )


@dataclass(frozen=True, kw_only=True)
class CodeServerForward(Forward):
    """Forwards a request to code-server.

    Attributes:
        policy: the Content-Security-Policy that says who may frame the response.
        sandboxes_applications: whether pages behind `proxy/PORT/` get an origin of their own.
        workbench: what VS Code's page gets; None for every other request.
    """

    policy: str
    sandboxes_applications: bool
    workbench: Workbench | None

    def internal_redirect(self, head: ResponseHead) -> CodeServerForward | None:
        """Follows code-server's redirect to a folder, which saves the browser a round trip."""
        if self.workbench is None or head.status != HTTPStatus.FOUND:
            return None
        location = b",".join(head.values(b"location"))
        if not location.startswith(_SAME_PAGE):
            return None
        query = location.removeprefix(_SAME_PAGE).decode("latin-1")
        page = replace(self.workbench, query=query, is_redirected=True)
        return replace(self, target=f"/?{query}", workbench=page)

    def header_lines(self, head: ResponseHead) -> list[bytes]:
        """Caches 404s of immutable assets for 60 s, and limits what other pages may do."""
        lines = []
        # VS Code asks for `vsda`, which code-server lacks, at each load.
        if head.status == HTTPStatus.NOT_FOUND and self.target.startswith(_IMMUTABLE):
            lines.append(f"Cache-Control: private, max-age={_MISSING_MAX_AGE}")
        if not head.values(b"cross-origin-resource-policy"):
            lines.append("Cross-Origin-Resource-Policy: same-origin")
        # Browsers apply it together with upstream's own policy.
        lines.append(f"Content-Security-Policy: {self.policy}")
        if self.sandboxes_applications and _APPLICATION.match(self.target):
            lines.append(f"Content-Security-Policy: {_SANDBOX}")
        return [line.encode("latin-1") for line in lines]

    def rewrite(self, head: ResponseHead) -> Callable[[bytes], bytes] | None:
        """Rewrites VS Code's page alone."""
        if self.workbench is None or head.status != HTTPStatus.OK:
            return None
        return self.workbench.rewrite
