"""What a class or an exam decides about VS Code: what is there, and what it starts with."""

from __future__ import annotations

import ast
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from traitlets import Bool, Dict, TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable

if TYPE_CHECKING:
    from traitlets import Bunch

OPEN_VSX = "open-vsx"
OFF = "off"


class Map(Dict):
    """An option that holds a map; as text, it is written in JSON or as in Python."""

    def from_string(self, s: str) -> Any:  # noqa: ANN401 -- `validate` sees what it is
        """What the text says; traitlets hands one that says nothing on as it is."""
        if not s.lstrip().startswith("{"):
            return super().from_string(s)  # KEY=VALUE, as traitlets has it on the command line
        try:
            return json.loads(s)
        except ValueError:
            return ast.literal_eval(s.strip())

    def validate(self, obj: Any, value: Any) -> Any:  # noqa: ANN401 -- as in traitlets
        """Refuse text with what is wrong with it; it may hold a token, and is not repeated."""
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
    """Options that a student's settings do not change, but for `settings`."""

    ai = Bool(
        default_value=None,
        allow_none=True,
        help="""
        Whether VS Code has its built-in AI assistant. When it has not, the assistant's extension
        is not there; that its panels are hidden is a default. None: it has not, where that can be
        had; with False, a code-server that would have it is not started.
        Environment: JUPYTER_CODESERVER_AI.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_AI",))

    gallery = Unicode(
        OPEN_VSX,
        help="""
        Where students find extensions: "open-vsx"; "off" for nowhere; the address of another
        server that runs Open VSX; or what code-server takes as EXTENSIONS_GALLERY, in JSON.
        Environment: JUPYTER_CODESERVER_GALLERY.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_GALLERY",))

    own_extensions = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether a student's own extensions are loaded, beside those of the image. When they are
        not, one that is installed lasts until code-server ends.
        Environment: JUPYTER_CODESERVER_OWN_EXTENSIONS.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_OWN_EXTENSIONS",))

    file_downloads = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether VS Code downloads files to the student's computer. Jupyter does so by itself.
        Environment: JUPYTER_CODESERVER_FILE_DOWNLOADS.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_FILE_DOWNLOADS",))

    file_uploads = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether VS Code uploads files from the student's computer. Jupyter does so by itself.
        Environment: JUPYTER_CODESERVER_FILE_UPLOADS.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_FILE_UPLOADS",))

    port_forwarding = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether a program that listens on a port is reached through code-server. Through Jupyter's
        own `proxy/PORT` it is reached all the same.
        Environment: JUPYTER_CODESERVER_PORT_FORWARDING.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_PORT_FORWARDING",))

    sandboxed_applications = Bool(
        False,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether a page that code-server passes on from a port (`codeserver/proxy/PORT/`) has an
        origin of its own, which keeps its scripts from VS Code and Jupyter. What such a page loads
        or sends comes without a login and is refused, so that it has to be complete in itself.
        Environment: JUPYTER_CODESERVER_SANDBOXED_APPLICATIONS.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_SANDBOXED_APPLICATIONS",))

    workspace_trust = Bool(
        False,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether VS Code asks, for every folder, whether its authors are trusted.
        Environment: JUPYTER_CODESERVER_WORKSPACE_TRUST.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_WORKSPACE_TRUST",))

    settings = Map(
        key_trait=Unicode(),
        help="""
        Settings that VS Code starts with, as in {"editor.fontSize": 16}: defaults, which a student
        can change.
        Environment: JUPYTER_CODESERVER_SETTINGS, in JSON, or a dictionary as in Python.
        """,
    ).tag(config=True, environment=("JUPYTER_CODESERVER_SETTINGS",))

    def switched_off(self) -> tuple[str, ...]:
        """The flags with which code-server leaves out what is not wanted."""
        flags = {
            "disable-file-downloads": self.file_downloads,
            "disable-file-uploads": self.file_uploads,
            "disable-proxy": self.port_forwarding,
        }
        return tuple(flag for flag, is_wanted in flags.items() if not is_wanted)

    def variables(self) -> dict[str, str]:
        """The environment variables by which code-server knows the gallery."""
        if self.gallery == OPEN_VSX:
            return {}
        return {"EXTENSIONS_GALLERY": "null" if self.gallery == OFF else _described(self.gallery)}

    @validate("gallery")
    def _is_gallery(self, proposal: Bunch) -> str:
        value = str(proposal.value)
        if value not in {OPEN_VSX, OFF}:
            try:
                _described(value)
            except ValueError as error:
                raise TraitError(
                    f"CodeServer.gallery is {value!r}; allowed is {OPEN_VSX}, {OFF}, an address as "
                    "in https://gallery.example.org, or JSON with a serviceUrl."
                ) from error
        return value

    @validate("settings")
    def _are_settings(self, proposal: Bunch) -> dict[str, Any]:
        value: dict[str, Any] = proposal.value
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise TraitError(
                f"CodeServer.settings is {value!r}; allowed is what JSON can say: {error}."
            ) from error
        return value


def _described(gallery: str) -> str:
    """What code-server takes as EXTENSIONS_GALLERY.

    Raises:
        ValueError: it is neither an address nor a description.
    """
    if gallery.lstrip().startswith("{"):
        if "serviceUrl" not in json.loads(gallery):
            raise ValueError(gallery)
        return gallery
    address = urlsplit(gallery)
    if address.scheme not in {"http", "https"} or not address.netloc:
        raise ValueError(gallery)
    # Where Open VSX has what VS Code asks for (code-server's own description of it).
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
