"""The image's settings of every IPython, in kernels too."""

import tempfile
from pathlib import Path
from typing import Any

c: Any = get_config()  # type: ignore[name-defined]  # noqa: F821 -- IPython puts it there

# On local disk: a database in a home on NFS may wait for a lock for ever.
c.HistoryManager.hist_file = str(Path(tempfile.gettempdir(), "ipython-history.sqlite"))
