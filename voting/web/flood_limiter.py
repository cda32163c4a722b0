"""Limits how many requests one address may send to this process: the only module that uses slowapi.

It refuses a flood before its bodies are read and its work is begun. It is no quota and no fraud control: each worker
process counts by itself, in memory, and the limits are far above what an office or a school behind one address needs.

Each route declares its limit beside its handler, `@get(path, opt=READS)`; the guard asks the router for it before a
body is read. Three parts of slowapi cannot be used with Litestar:

- `@limiter.limit` on the handler itself: it insists on Starlette's Request, and the limits are settings, which are not
  known when handlers are imported. So it decorates a gate for each limit, which is given a Starlette Request.
- Its middlewares look for the routes and the state of a Starlette application.
- Its storages: the one for Redis is synchronous, so each request would block the event loop for a round trip, and the
  one in memory scans all keys every 10 ms. Limits that hold for all processes, of voters, addresses and registrations,
  are in voting.services.rate_limits, which asks Redis without blocking, in one round trip with the fraud counters; they
  also allow bursts ("20/second burst 500"), for which `limits` has no strategy.
"""

from __future__ import annotations

import logging
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from limits import RateLimitItem, parse_many
from limits.storage import MovingWindowSupport, Storage
from litestar import Litestar
from litestar.exceptions import HTTPException
from litestar.utils import normalize_path
from slowapi import Limiter
from slowapi.errors import RateLimitExceeded
from starlette.requests import Request

from voting import retry_after, telemetry
from voting.domain.ballots.client import Origin
from voting.errors import SlowDown
from voting.web.client import ClientReader, Scope

MOST_ADDRESSES = 50_000
READS = {"flood_limit": "read"}
WRITES = {"flood_limit": "write"}
FILES = WRITES | {"takes_file": True}
SLOW_READS = READS | {"is_slow": True}
BALLOTS = "/api/v1/contests/{contest:str}/ballots"
_MONITORING = "load balancers and Prometheus ask from one address, and must see a service that is flooded"
# Routes that declare no limit, and why.
EXCEPTIONS = {
    BALLOTS: "the hot path: counted as a write, past slowapi's gate, at a quarter of its cost",
    "/health/live": _MONITORING,
    "/health/ready": _MONITORING,
    "/health/deps": _MONITORING,
    "/metrics": _MONITORING,
    "/static/{name:str}": "named by their content: caches keep them for a year, and a page needs several at once",
}


class BoundedStorage(Storage, MovingWindowSupport):
    """Moving windows in memory, without a thread; beyond its size, the address unseen for longest is dropped."""

    STORAGE_SCHEME = ["bounded"]  # noqa: RUF012 (the library declares it so)
    base_exceptions = ValueError

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)
        self._events: OrderedDict[str, deque[float]] = OrderedDict()

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Takes `amount` if there is room; returns whether there was."""
        now = time.monotonic()
        events = self._events.setdefault(key, deque())
        self._events.move_to_end(key)
        if len(self._events) > MOST_ADDRESSES:
            self._events.popitem(last=False)
        while events and events[0] <= now - expiry:
            events.popleft()
        if len(events) + amount > limit:
            return False
        events.extend([now] * amount)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        """Returns the time of the window's oldest event, and the number of events."""
        events = self._events.get(key)
        return (events[0], len(events)) if events else (time.monotonic(), 0)

    def check(self) -> bool:
        """Always true: memory is always available."""
        return True

    def reset(self) -> int | None:
        """Deletes every event; returns the number of addresses."""
        count = len(self._events)
        self._events.clear()
        return count

    def clear(self, key: str) -> None:
        """Deletes one key's events."""
        self._events.pop(key, None)

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Required by the library's interface; the moving window never calls it."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """Like incr."""
        raise NotImplementedError

    def get_expiry(self, key: str) -> float:
        """Like incr."""
        raise NotImplementedError


class FloodLimiter:
    """Counts requests by address, reads and writes separately. The routes of `app` declare which they are."""

    def __init__(self, reads: str, writes: str, clients: ClientReader, app: Litestar) -> None:
        self._clients = clients
        self._router = app.asgi_router
        self.note_refused: Callable[[str, str], None] = lambda contest, code: None
        """Called for a refused ballot with its contest, as the address has it, and the code."""
        self._limiter = Limiter(
            key_func=self._key,
            strategy="moving-window",
            storage_uri="bounded://",
            # Without a file named here, slowapi silently reads ./.env of the working folder.
            config_filename=str(files("voting.web") / "shield.env"),
        )
        # RATELIMIT_ENABLED of the environment must not turn it off.
        self._limiter.enabled = True
        # Otherwise it logs a line, with the address, for each request of a flood.
        self._limiter.logger.setLevel(logging.CRITICAL)
        rules = {"read": reads, "write": writes}
        # Raises ValueError for a rule that cannot be read; slowapi would only log it, and limit nothing.
        self._limits = {kind: parse_many(rule) for kind, rule in rules.items()}
        self._gates = {kind: self._gate(kind, rule) for kind, rule in rules.items()}

    def takes_file(self, scope: Scope) -> bool:
        """Whether the route declares that its handler reads a file, once it knows who sends it."""
        return self._declares(scope, "takes_file")

    def is_slow(self, scope: Scope) -> bool:
        """Whether the route declares that its answer may take as long as that to a file."""
        return self._declares(scope, "is_slow")

    def _declares(self, scope: Scope, name: str) -> bool:
        try:
            handler = self._router.handle_routing(normalize_path(scope["path"]), scope["method"])[1]
        except HTTPException:
            return False
        return bool(handler.opt.get(name))

    def check(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Returns X-RateLimit headers for the response. Raises SlowDown."""
        kind = "read" if scope["method"] in ("GET", "HEAD", "OPTIONS") else "write"
        try:
            # The router caches its latest answers, so a second look-up costs next to nothing.
            handler = self._router.handle_routing(normalize_path(scope["path"]), scope["method"])[1]
        except HTTPException:
            # Count requests for unknown addresses, too.
            pass
        else:
            if scope["method"] != "OPTIONS" and (exceptions := handler.paths & EXCEPTIONS.keys()):
                return self.count_ballot(scope) if BALLOTS in exceptions else []
            kind = handler.opt.get("flood_limit", kind)
        # Use a separate state: slowapi stores its result there, and Litestar's scope has another kind of state.
        request = Request({**scope, "state": {}})
        try:
            self._gates[kind](request=request)
        except RateLimitExceeded:
            raise self._refusal(kind, *request.state.view_rate_limit) from None
        return self._headers(*request.state.view_rate_limit)

    def _gate(self, kind: str, rule: str) -> Callable[..., None]:
        def gate(request: Request) -> None:
            """Does nothing: slowapi, which decorates it, counts the call."""

        # slowapi identifies what it decorates by this name.
        gate.__name__ = kind
        decorated: Callable[..., None] = self._limiter.shared_limit(rule, scope=kind)(gate)
        return decorated

    def count_ballot(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Counts a ballot in the same window as the gate for writes, without calling the gate. Raises SlowDown.

        The gate takes 30 microseconds of processor time, this takes 8, because slowapi inspects its key function's
        signature for each request.
        """
        names = (_holder(self._clients.origin(scope)), "write")
        for limit in self._limits["write"]:
            if not self._limiter.limiter.hit(limit, *names):
                self.note_refused(scope["path"].split("/")[4], SlowDown.code)
                raise self._refusal("write", limit, names)
        return self._headers(self._limits["write"][0], names)

    def _key(self, request: Request) -> str:
        return _holder(self._clients.origin(request.scope))

    def _refusal(self, kind: str, limit: RateLimitItem, names: tuple[str, ...]) -> SlowDown:
        telemetry.SHED.labels(kind).inc()
        reset, _ = self._limiter.limiter.get_window_stats(limit, *names)
        return SlowDown(retry_after=retry_after.at_least(reset - time.monotonic()))

    def _headers(self, limit: RateLimitItem, names: tuple[str, ...]) -> list[tuple[bytes, bytes]]:
        _, left = self._limiter.limiter.get_window_stats(limit, *names)
        return [(b"x-ratelimit-limit", b"%d" % limit.amount), (b"x-ratelimit-remaining", b"%d" % left)]


def _holder(origin: Origin | None) -> str:
    """Returns the key to count by: an address; for IPv6 the /64, which one holder has whole."""
    if origin is None:
        return "unknown"
    return origin.network if ":" in origin.address else origin.address
