"""The tallies as Redis shows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Literal, cast
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from voting import telemetry
from voting.domain.scoring import Tally
from voting.errors import TryAgain
from voting.redis import keys

ANSWER_SECONDS = 0.5
_SCRIPT = (files("voting.redis") / "lua" / "set_tally.lua").read_text("utf-8")


class TallyView:
    """Reads and writes the tallies in Redis. Every method raises TryAgain when Redis is away."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._set = redis.register_script(_SCRIPT)

    async def read(self, uid: UUID) -> dict[str, Tally] | None:
        """The whole tally; None when Redis does not hold all of it, or something else in its place."""
        async with _answered("read"):
            try:
                fields = cast(dict[bytes, bytes], await self._redis.hgetall(keys.tally(uid)))
            except ResponseError:
                return None
        if fields.pop(keys.COMPLETE.encode(), None) is None:
            return None
        try:
            return {entry.decode(): _unpack(value) for entry, value in fields.items()}
        except ValueError:
            return None

    async def write(
        self, uid: UUID, tallies: Mapping[str, Tally], mode: Literal["some", "complete", "replace"] = "some"
    ) -> None:
        """Sets the tallies that are newer. `complete`: these are all; `replace`: drop what is there first."""
        pairs = [text for entry, tally in tallies.items() for text in (entry, _pack(tally))]
        async with _answered("write"):
            await self._set(keys=[keys.tally(uid)], args=[mode, *pairs])

    async def ping(self) -> None:
        """Answers when Redis does."""
        async with _answered("ping"):
            await self._redis.ping()


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[TallyView]:
    """A view over a lazily connected pool; a Redis that is away is no reason not to start."""
    redis = Redis.from_url(
        url,
        socket_timeout=ANSWER_SECONDS,
        socket_connect_timeout=ANSWER_SECONDS,
        health_check_interval=10,
        retry=Retry(NoBackoff(), 1),
        client_name="voting",
    )
    try:
        yield TallyView(redis)
    finally:
        await redis.aclose()


@asynccontextmanager
async def _answered(operation: str) -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        telemetry.VIEW_ERRORS.labels(operation).inc()
        raise TryAgain("Redis is away") from error


def _pack(tally: Tally) -> str:
    return f"{tally.version} {tally.raw} {tally.held} {tally.counted}"


def _unpack(value: bytes) -> Tally:
    version, raw, held, counted = (int(part) for part in value.split())
    return Tally(raw, held, counted, version)
