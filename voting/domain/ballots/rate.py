"""Rates of calls as settings write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RATE = re.compile(r"(\d{1,10})/(second|minute|hour)(?: burst (\d{1,7}))?")
_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `burst` at once, then one call per `interval`. Both are in microseconds."""

    interval: int
    burst: int


def read_rate(text: str) -> Rate:
    """Parses `600/minute` or `20/second burst 500`; the default burst is the whole amount. Raises ValueError."""
    match = _RATE.fullmatch(text)
    amount, seconds = (int(match[1]), _SECONDS[match[2]]) if match else (0, 1)
    if match is None or not 1 <= amount <= 1_000_000 * seconds or match[3] == "0":
        raise ValueError("write it as 600/minute or 20/second burst 500")
    interval = seconds * 1_000_000 // amount
    return Rate(interval, int(match[3]) * interval if match[3] else seconds * 1_000_000)
