"""Jupyter's access log, without the work for a line that nobody will see."""

from __future__ import annotations

import logging
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from jupyter_server.log import log_request
from jupyter_server.prometheus.log_functions import prometheus_log_method

if TYPE_CHECKING:
    from jupyter_server.base.handlers import JupyterHandler


def log_unseen(handler: JupyterHandler) -> bool:
    """Records a success in Jupyter's metrics alone, and says so, if its log would drop the line.

    Jupyter logs successes at debug level, to a logger whose level lets them through and whose
    handlers then drop them. That costs 40 µs (measured), a tenth of a small request. Anything
    else, a log function of the operator's too, is for the caller to log as usual.
    """
    function = handler.settings.get("log_function")
    options = function.keywords if isinstance(function, partial) else {}
    if getattr(function, "func", function) is not log_request:
        return False
    status = handler.get_status()
    if status >= HTTPStatus.MULTIPLE_CHOICES and status != HTTPStatus.NOT_MODIFIED:
        return False
    logger = handler.log
    if logger.propagate or any(each.level <= logging.DEBUG for each in logger.handlers):
        return False
    if options.get("record_prometheus_metrics", True):
        prometheus_log_method(handler)  # type: ignore[no-untyped-call] # Jupyter's is not typed
    return True
