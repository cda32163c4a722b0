"""The in-process shield: slowapi's only home.

It sheds floods from one address before anything costs more than microseconds. It is no quota and no fraud control:
each worker process counts by itself, and the limits are far above what an office or a school behind one address needs.
"""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from importlib.resources import files
from typing import Any, cast

from limits.storage import MovingWindowSupport, Storage
from slowapi import Limiter
from slowapi.util import get_remote_address
from slowapi.wrappers import Limit, LimitGroup

from voting import telemetry
from voting.domain.ballots.client import Origin
from voting.errors import SlowDown
from voting.web.client import ClientReader, Scope

MOST_ADDRESSES = 50_000
EXEMPT = ("/health/", "/metrics", "/static/")


class ShieldStorage(Storage, MovingWindowSupport):
    """Bounded and without a thread: the library's own memory storage scans every key each 10 ms under load."""

    STORAGE_SCHEME = ["shield"]  # noqa: RUF012 (the library declares it so)
    base_exceptions = ValueError

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._events: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str, limit: int, expiry: int, amount: int = 1) -> int:
        """Takes `amount` from the window of `expiry` seconds: how much is left; less than 0 when it has no room."""
        now = time.monotonic()
        events = self._events.setdefault(key, deque())
        self._events.move_to_end(key)
        if len(self._events) > MOST_ADDRESSES:
            self._events.popitem(last=False)
        while events and events[0] <= now - expiry:
            events.popleft()
        left = limit - len(events) - amount
        if left >= 0:
            events.extend([now] * amount)
        return left

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Whether there was room for `amount`, which is then taken."""
        return self.take(key, limit, expiry, amount) >= 0

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """When the window's oldest event was, and how many it holds."""
        events = self._events.get(key)
        return (events[0], len(events)) if events else (time.monotonic(), 0)

    def check(self) -> bool:
        """It is always there."""
        return True

    def reset(self) -> int | None:
        """Forgets every event; answers how many addresses there were."""
        count = len(self._events)
        self._events.clear()
        return count

    def clear(self, key: str) -> None:
        """Forgets one key's events."""
        self._events.pop(key, None)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Part of the library's interface that the moving window never calls."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """As incr."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """As incr."""
        raise NotImplementedError


class Throttle:
    """Counts requests by address, reads and writes apart."""

    def __init__(self, reads: str, writes: str, clients: ClientReader) -> None:
        # Without a file named here slowapi would read ./.env of the working folder without a word.
        settings = str(files("voting.web") / "shield.env")
        limiter = Limiter(
            key_func=get_remote_address, strategy="moving-window", storage_uri="shield://", config_filename=settings
        )
        self._clients = clients
        self._storage = cast(ShieldStorage, limiter.limiter.storage)
        self._windows = {
            kind: [(limit.limit.key_for(kind), limit.limit.amount, limit.limit.get_expiry()) for limit in _parse(rule)]
            for kind, rule in (("read", reads), ("write", writes))
        }

    def check(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """X-RateLimit headers for the answer. Raises SlowDown."""
        if scope["path"].startswith(EXEMPT):
            return []
        kind = "read" if scope["method"] in ("GET", "HEAD", "OPTIONS") else "write"
        address = _holder(self._clients.origin(scope))
        lefts = []
        for name, amount, seconds in self._windows[kind]:
            # Past the library's strategy, which makes the key and calls the storage three times over.
            lefts.append(self._storage.take(f"{name}/{address}", amount, seconds))
            if lefts[-1] < 0:
                telemetry.SHED.labels(kind).inc()
                raise SlowDown(retry_after=max(1, seconds // 60))
        return [(b"x-ratelimit-limit", b"%d" % self._windows[kind][0][1]), (b"x-ratelimit-remaining", b"%d" % lefts[0])]


def _holder(origin: Origin | None) -> str:
    """By whom the shield counts: an address; of IPv6 the /64, for one holder has all of it."""
    if origin is None:
        return ""
    return origin.network if ":" in origin.address else origin.address


def _parse(rule: str) -> tuple[Limit, ...]:
    return tuple(LimitGroup(rule, get_remote_address, None, False, None, None, None, 1, False))
