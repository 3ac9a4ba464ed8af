"""Where logs go: standard error, warnings and worse, without personal data. Standard output is for data."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

from pipelines.observe.redaction import redact_event

if TYPE_CHECKING:
    from structlog.typing import Processor

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def configure_logs(level: str = "warning", *, as_json: bool = False) -> None:
    """Send structlog's events to standard error from `level` on, one line each; calling it again changes nothing."""
    if structlog.is_configured():
        return
    show: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            redact_event,
            show,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
