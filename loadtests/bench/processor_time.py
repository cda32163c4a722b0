"""The processor time of a request by part: workers, PostgreSQL, Redis, client."""

from __future__ import annotations

import resource
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import psutil

SERVERS = {"workers": "spawn_main", "postgres": "postgres", "redis": "valkey-server"}
PARTS = (*SERVERS, "client")


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """The seconds of each part, there at the end. The client is this process, or one that began and ended meanwhile."""
    seconds: dict[str, float] = {}
    servers, client = _servers(), _client()
    yield seconds
    seconds["client"] = _client() - client
    seconds |= {part: now - servers[part] for part, now in _servers().items()}


def microseconds(seconds: Mapping[str, float], requests: int) -> dict[str, float]:
    """The time of one request by part."""
    return {part: round(seconds[part] / max(1, requests) * 1e6, 1) for part in seconds}


def _client() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _servers() -> dict[str, float]:
    found = dict.fromkeys(SERVERS, 0.0)
    for process in psutil.Process().children(recursive=True):
        try:
            name, times = " ".join(process.cmdline()), process.cpu_times()
        except psutil.Error:
            continue
        part = next((part for part, token in SERVERS.items() if token in name), None)
        if part:
            found[part] += times.user + times.system
    return found
