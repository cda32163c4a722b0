"""Logs as one JSON object a line, with the traceback inside, for log collectors."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
import time
from types import TracebackType
from typing import Any

from voting.request_ids import current_ids


class JsonLines(logging.Formatter):
    """Formats time, level, logger, message and, if present, the ids of request and trace and the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        """Returns the line."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        event: dict[str, Any] = {
            "at": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        ids = current_ids.get()
        if ids.request:
            event["request"] = ids.request
        if ids.trace:
            event["trace"] = ids.trace
        if record.exc_info:
            event["traceback"] = self.formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False, default=str)


JSON: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": JsonLines}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"voting": {"level": "INFO"}},
}
"""For `logging.config`, and for uvicorn, which configures each worker with it."""


def use_json() -> None:
    """Makes this process log JSON, including an exception that ends it."""
    logging.config.dictConfig(JSON)
    logging.captureWarnings(True)
    sys.excepthook = _log_end


def is_json() -> bool:
    """Whether this process logs JSON."""
    return any(isinstance(handler.formatter, JsonLines) for handler in logging.root.handlers)


def _log_end(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("voting").critical("the process ends by an error", exc_info=(kind, error, trace))
