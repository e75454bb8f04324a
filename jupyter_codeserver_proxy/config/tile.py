"""Options of the tile in JupyterLab's launcher."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from traitlets import Bool, Int, TraitError, Unicode, validate
from traitlets.config import LoggingConfigurable

if TYPE_CHECKING:
    from traitlets import Bunch


class Tile(LoggingConfigurable):
    """Options of the tile, and of what JupyterLab does before it is clicked."""

    title = Unicode(
        "VS Code",
        help="The title of the tile, and the name that VS Code gives itself.",
    ).tag(config=True)

    icon = Unicode(
        help="The picture on the tile: an SVG file. When it is empty, one of ours.",
    ).tag(config=True)

    new_browser_tab = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="""
        Whether the tile opens VS Code in a browser tab of its own (true) or in a tab of
        JupyterLab (false).
        """,
    ).tag(config=True)

    category = Unicode(
        "Notebook",
        help="""
        The section of JupyterLab's launcher that the tile is in: "Notebook", "Console", "Other",
        or a new one. When it is empty, the launcher has no tile.
        """,
    ).tag(config=True)

    rank = Int(
        default_value=None,
        allow_none=True,
        help="""
        The place of the tile in its section, smallest rank first. When it is None, the tile comes
        after those that have a rank.
        """,
    ).tag(config=True)

    prefetch = Bool(
        True,  # noqa: FBT003 -- traitlets takes the default by position
        help="Whether an idle JupyterLab has the browser fetch VS Code's large files in advance.",
    ).tag(config=True)

    def is_drawn_by_us(self) -> bool:
        """Returns whether our JupyterLab extension draws the tile, not jupyter-server-proxy's.

        Theirs has no ranks, and an icon only in the sections of kernels.
        """
        is_usual = self.category in {"Notebook", "Console"} and self.rank is None
        return bool(self.category) and not is_usual

    def svg(self) -> str | None:
        """Returns the picture as SVG text; None: ours, also if the file cannot be read."""
        try:
            return Path(self.icon).expanduser().read_text("utf-8") if self.icon else None
        except (OSError, UnicodeDecodeError) as error:
            self.log.warning("CodeServer.icon cannot be read: %s", error)
            return None

    @validate("icon")
    def _check_icon(self, proposal: Bunch) -> str:
        icon = str(proposal.value)
        if icon and not (icon.endswith(".svg") and Path(icon).expanduser().is_file()):
            raise TraitError(f"CodeServer.icon is {icon!r}; allowed is an existing SVG file.")
        return icon
