"""The ids of a request, from the proxy in front: they are in its log lines and go with calls to other services."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from typing import NamedTuple

_REQUEST_ID = re.compile(rb"[A-Za-z0-9_-]{1,64}")
# W3C Trace Context, version 00: trace, caller's span, flags. Ids of zeros are invalid.
_TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class RequestIds(NamedTuple):
    """`X-Request-Id` and `traceparent` of a request; empty if it has none that is valid."""

    request: str = ""
    traceparent: str = ""

    @property
    def trace(self) -> str:
        """The id of the trace."""
        return self.traceparent[3:35]


_NONE = RequestIds()
current_ids: ContextVar[RequestIds] = ContextVar("request_ids", default=_NONE)
"""Those of the current request."""


def read_request_ids(headers: Mapping[bytes, bytes]) -> RequestIds:
    """Returns the ids among a request's header fields, whose names are in lower case."""
    return RequestIds(
        _valid(_REQUEST_ID, headers.get(b"x-request-id", b"")),
        _valid(_TRACEPARENT, headers.get(b"traceparent", b"")),
    )


def _valid(pattern: re.Pattern[bytes], value: bytes) -> str:
    return value.decode() if pattern.fullmatch(value) else ""
