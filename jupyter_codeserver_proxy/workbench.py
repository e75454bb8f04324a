"""VS Code's page, with settings that hold from its first moment."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

# Where the page carries its configuration: JSON in an attribute, in which code-server escapes
# quotation marks and nothing else. At least one entry follows, which the comma relies on.
_CONFIGURATION = re.compile(
    rb'<meta id="vscode-workbench-web-configuration" data-settings="\{(?=&quot;)'
)


def with_defaults(page: bytes, defaults: Mapping[str, Any], trusted: Sequence[str] = ()) -> bytes:
    """The page with defaults of settings, and with addresses that it opens without a question.

    What an extension contributes comes too late for the first screen, and for the panels that are
    open on it. These are what VS Code takes from whoever embeds it
    (`IWorkbenchConstructionOptions`).

    Args:
        page: VS Code's own; one that has no such place is given back as it is.
        defaults: settings and their values, in JSON's types.
        trusted: addresses of other pages, which may end with an asterisk.
    """
    added_entries = {"configurationDefaults": defaults, "additionalTrustedDomains": trusted}
    entry = json.dumps(added_entries)[1:-1]
    added = entry.replace("&", "\\u0026").replace('"', "&quot;").encode()
    return _CONFIGURATION.sub(lambda found: found[0] + added + b",", page, count=1)
