"""Faults of an answer, whatever the request was."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping

# As in uvicorn, where such a value leads to a 500.
_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def wrong(status: int, headers: Mapping[bytes, bytes], body: bytes) -> str:
    """The fault, or empty. A 5xx is right only if it says that the request may be repeated, or that the service is not
    ready."""
    if status >= 500 and not _is_deliberate(status, headers, body):
        return f"answered {status}: {body[:300]!r}"
    if any(_VALUE.search(value) for value in headers.values()):
        return f"a header that cannot be sent: {dict(headers)}"
    if b"json" in headers.get(b"content-type", b"") and body:
        try:
            json.loads(body)
        except ValueError:
            return f"not the JSON that it says it is: {body[:300]!r}"
    return ""


def _is_deliberate(status: int, headers: Mapping[bytes, bytes], body: bytes) -> bool:
    away = body.startswith((b'{"status":"away"', b'{"status":"draining"'))
    # A page says so in words; an answer to HEAD has no body.
    explained = b"try_again" in body or b"html" in headers.get(b"content-type", b"")
    return status == 503 and (away or not body or (b"retry-after" in headers and explained))


def faults(log: str) -> list[str]:
    """The lines of a log that report something unexpected."""
    return [
        line for line in log.splitlines() if re.search(r"Traceback|ERROR|CRITICAL|unexpected:|Error:|Exception", line)
    ]


class LoggedErrors(logging.Handler):
    """Keeps logged errors, with their exceptions."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps the record."""
        self.lines.append(self.format(record))
