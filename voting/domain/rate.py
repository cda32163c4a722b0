"""Rates of calls, as a setting writes them."""

from __future__ import annotations

from dataclasses import dataclass

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls at once at most, and after them one for each interval; both in microseconds."""

    interval: int
    burst: int


def read_rate(text: str) -> Rate:
    """The rate that `600/minute` says. Raises ValueError."""
    amount, _, unit = text.partition("/")
    if not amount.isdecimal() or unit not in _SECONDS or not 1 <= int(amount) <= 1_000_000 * _SECONDS[unit]:
        raise ValueError("write it as 600/minute")
    burst = _SECONDS[unit] * 1_000_000
    return Rate(burst // int(amount), burst)
