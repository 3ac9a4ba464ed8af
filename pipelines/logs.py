"""Where logs go: standard error, warnings and worse, without personal data. Standard output is for data.

What libraries say (Scrapy, Twisted, urllib3, SQLAlchemy, uvicorn …) goes the same way, in the same form.
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog
from structlog.stdlib import ProcessorFormatter

from pipelines.observe.redaction import redact_event

if TYPE_CHECKING:
    from structlog.typing import Processor

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class _Lines(logging.Handler):
    """Writes records of standard logging to what standard error is then."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line. What cannot be written is named by its logger alone: its arguments may hold anything."""
        try:
            line = self.format(record)
        except Exception:  # noqa: BLE001 -- as above; logging's own report would print them
            line = f"a line of {record.name} could not be told"
        with suppress(OSError, ValueError):  # nobody reads it any more
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()


def configure_logs(level: str = "warning", *, as_json: bool = False) -> None:
    """Send all logs to standard error from `level` on, one line each; calling it again changes nothing."""
    if structlog.is_configured():
        return
    show: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, redact_event, show],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    lines = _Lines(LEVELS[level])  # of its own: Scrapy's loggers have levels that go past the root's
    lines.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *shared],
            processors=[ProcessorFormatter.remove_processors_meta, redact_event, show],
        )
    )
    logging.root.addHandler(lines)
    logging.root.setLevel(LEVELS[level])
    logging.captureWarnings(capture=not sys.warnoptions)
