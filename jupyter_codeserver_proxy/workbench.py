"""VS Code's page, with settings that hold from its first moment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Where the page carries its configuration: JSON in an attribute, in which code-server escapes
# quotation marks and nothing else. At least one entry follows, which the comma relies on.
_CONFIGURATION = re.compile(
    rb'<meta id="vscode-workbench-web-configuration" data-settings="\{(?=&quot;)'
)


def with_defaults(page: bytes, defaults: Mapping[str, Any]) -> bytes:
    """The page with defaults of settings.

    What an extension contributes comes too late for the first screen, and for the panels that are
    open on it. `configurationDefaults` is what VS Code takes from whoever embeds it
    (`IWorkbenchConstructionOptions`).

    Args:
        page: VS Code's own; one that has no such place is given back as it is.
        defaults: settings and their values, in JSON's types.
    """
    entry = json.dumps({"configurationDefaults": defaults})[1:-1]
    added = entry.replace("&", "\\u0026").replace('"', "&quot;").encode()
    return _CONFIGURATION.sub(lambda found: found[0] + added + b",", page, count=1)
