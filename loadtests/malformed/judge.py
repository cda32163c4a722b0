"""What is wrong with an answer, whatever was asked."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping

# As uvicorn has it: a value that does not fit would be a 500 there.
_VALUE = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")


def wrong(status: int, headers: Mapping[bytes, bytes], body: bytes) -> str:
    """Empty, or what is wrong. 5xx is right only where it says that the same request may be sent again, or that the
    service is not ready."""
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
    # A page tells it in words; an answer to HEAD has no body to tell it in.
    told = b"try_again" in body or b"html" in headers.get(b"content-type", b"")
    return status == 503 and (away or not body or (b"retry-after" in headers and told))


def faults(log: str) -> list[str]:
    """The lines of a server's log that tell of something that nobody expected."""
    return [
        line for line in log.splitlines() if re.search(r"Traceback|ERROR|CRITICAL|unexpected:|Error:|Exception", line)
    ]


class Listening(logging.Handler):
    """Keeps what is logged as an error, exceptions and all."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []
        self.setFormatter(logging.Formatter("%(name)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps it."""
        self.heard.append(self.format(record))
