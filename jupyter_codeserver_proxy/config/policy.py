"""Options by which a class or an exam restricts VS Code, and sets its defaults."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from traitlets import Bool, Dict, List, TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable

from .languages import LANGUAGES

if TYPE_CHECKING:
    from traitlets import Bunch

OPEN_VSX = "open-vsx"
OFF = "off"


class Map(Dict):
    """An option that holds a map. As text it is JSON or a Python dictionary."""

    def from_string(self, s: str) -> Any:  # noqa: ANN401 -- `validate` checks it
        """Parses the text; traitlets passes unreadable text on to `validate` as it is."""
        if not s.lstrip().startswith("{"):
            return super().from_string(s)  # KEY=VALUE, as on traitlets' command line
        try:
            return json.loads(s)
        except ValueError:
            return ast.literal_eval(s.strip())

    def validate(self, obj: Any, value: Any) -> Any:  # noqa: ANN401 -- as in traitlets
        """Refuses unreadable text, without repeating it, as it may contain a token."""
        if isinstance(value, str):
            try:
                json.loads(value)
                why = "it is no {…}"
            except (ValueError, RecursionError) as error:
                why = str(error)
            said = f"CodeServer.{self.name} is neither JSON nor a dictionary as in Python"
            raise TraitError(f"{said}: {why}.")
        return super().validate(obj, value)


class Policy(LoggingConfigurable):
    """Options that a student cannot change; only `settings` are defaults."""

    ai = Bool(
        default_value=None,
        allow_none=True,
        help="""
        Whether VS Code has its built-in AI assistant. Without it, the assistant's extension is
        left out, and its panels are hidden by default. None: without it where that is possible.
        False: a code-server that cannot leave it out is not started.
        """,
    ).tag(config=True)

    gallery = Unicode(
        OPEN_VSX,
        help="""
        Where students find extensions: "open-vsx"; "off" for nowhere; the address of another
        server that runs Open VSX; or JSON as in code-server's variable EXTENSIONS_GALLERY.
        """,
    ).tag(config=True)

    own_extensions = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether a student's own extensions are loaded in addition to the image's. If not, an
        extension that a student installs lasts until code-server ends.
        """,
    ).tag(config=True)

    file_downloads = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether VS Code downloads files to the student's computer. Jupyter's own downloads stay.
        """,
    ).tag(config=True)

    file_uploads = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether VS Code uploads files from the student's computer. Jupyter's own uploads stay.
        """,
    ).tag(config=True)

    port_forwarding = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether code-server forwards to programs that listen on a port. Jupyter's own `proxy/PORT`
        forwards to them in any case.
        """,
    ).tag(config=True)

    sandboxed_applications = Bool(
        False,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether a page that code-server forwards from a port (`codeserver/proxy/PORT/`) gets an
        origin of its own, which keeps its scripts from VS Code and Jupyter. The page's own requests
        then carry no login and are refused, so the page has to be complete in itself.
        """,
    ).tag(config=True)

    kernels = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="Whether VS Code runs notebooks on Jupyter's kernels.",
    ).tag(config=True)

    languages = List(
        Unicode(),
        default_value=list(LANGUAGES),
        help=f"""
        The languages in which VS Code completes, checks, runs and debugs code by itself, of
        {", ".join(LANGUAGES)}; "off" for none. In the environment they are words as in a shell.
        """,
    ).tag(config=True)

    workspace_trust = Bool(
        False,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether VS Code asks for every folder whether its authors are trusted.
        """,
    ).tag(config=True)

    settings = Map(
        key_trait=Unicode(),
        help="""
        Default settings of VS Code, as in {"editor.fontSize": 16}. A student can change them. In
        the environment it is JSON or a Python dictionary.
        """,
    ).tag(config=True)

    def switched_off(self) -> tuple[str, ...]:
        """Returns the flags that switch off unwanted features of code-server."""
        flags = {
            "disable-file-downloads": self.file_downloads,
            "disable-file-uploads": self.file_uploads,
            "disable-proxy": self.port_forwarding,
        }
        return tuple(flag for flag, is_wanted in flags.items() if not is_wanted)

    def variables(self) -> dict[str, str]:
        """Returns the environment variables that tell code-server its gallery."""
        if self.gallery == OPEN_VSX:
            return {}
        return {
            "EXTENSIONS_GALLERY": "null" if self.gallery == OFF else _gallery_json(self.gallery)
        }

    @validate("gallery")
    def _check_gallery(self, proposal: Bunch) -> str:
        value = str(proposal.value)
        if value not in {OPEN_VSX, OFF}:
            try:
                _gallery_json(value)
            except ValueError as error:
                raise TraitError(
                    f"CodeServer.gallery is {value!r}; allowed is {OPEN_VSX}, {OFF}, an address as "
                    "in https://gallery.example.org, or JSON with a serviceUrl."
                ) from error
        return value

    @validate("languages")
    def _check_languages(self, proposal: Bunch) -> list[str]:
        value: list[str] = proposal.value
        if value == [OFF]:
            return []
        if unknown := [name for name in value if name not in LANGUAGES]:
            raise TraitError(
                f"CodeServer.languages has {unknown[0]!r}; allowed is {OFF} alone, or some of "
                f"{', '.join(LANGUAGES)}."
            )
        return value

    @validate("settings")
    def _check_settings(self, proposal: Bunch) -> dict[str, Any]:
        value: dict[str, Any] = proposal.value
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise TraitError(
                f"CodeServer.settings is {value!r}; allowed is what JSON can express: {error}."
            ) from error
        return value


def _gallery_json(gallery: str) -> str:
    """Returns the value of code-server's EXTENSIONS_GALLERY.

    Raises:
        ValueError: `gallery` is neither an address nor a description in JSON.
    """
    if gallery.lstrip().startswith("{"):
        if "serviceUrl" not in json.loads(gallery):
            raise ValueError(gallery)
        return gallery
    address = urlsplit(gallery)
    if address.scheme not in {"http", "https"} or not address.netloc:
        raise ValueError(gallery)
    # Open VSX's paths for VS Code's requests, as in code-server's own description.
    root = f"{gallery.rstrip('/')}/vscode"
    asset = "asset/{publisher}/{name}/{version}/Microsoft.VisualStudio.Code.WebResources/{path}"
    return json.dumps(
        {
            "serviceUrl": f"{root}/gallery",
            "itemUrl": f"{root}/item",
            "extensionUrlTemplate": f"{root}/gallery/{{publisher}}/{{name}}/latest",
            "resourceUrlTemplate": f"{root}/{asset}",
            "controlUrl": "",
            "nlsBaseUrl": "",
        }
    )
