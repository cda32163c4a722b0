"""The processor time of a request by part: workers, PostgreSQL, Redis, client."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil

PARTS = {"workers": "spawn_main", "postgres": "postgres", "redis": "valkey-server"}


@contextmanager
def measured(into: dict[str, float]) -> Iterator[None]:
    """Adds the seconds of each part, and of a client process that ran and ended meanwhile."""
    before = _seconds()
    yield
    for part, seconds in _seconds().items():
        into[part] = into.get(part, 0.0) + seconds - before[part]


def microseconds(seconds: Mapping[str, float], requests: int) -> dict[str, float]:
    """The time of one request by part."""
    return {part: round(seconds[part] / max(1, requests) * 1e6, 1) for part in seconds}


def _seconds() -> dict[str, float]:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    # Only a client has ended; servers go on.
    found = {**dict.fromkeys(PARTS, 0.0), "client": ended.ru_utime + ended.ru_stime}
    for process in psutil.Process().children(recursive=True):
        try:
            name, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.Error:
            continue
        part = next((part for part, token in PARTS.items() if token in name), None)
        if part:
            found[part] += times.user + times.system
    return found
