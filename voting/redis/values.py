"""Values that every process shares for a short time, such as a begun sign-in or a token of another service."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import cast

from voting.redis.breaker import Breaker
from voting.redis.client import Client

_DROP_IF = (files("voting.redis") / "lua" / "drop_if.lua").read_text("utf-8")


class Values:
    """Short-lived values by key. Every method raises TryAgain when Redis is away."""

    def __init__(self, redis: Client, breaker: Breaker) -> None:
        self._redis = redis
        self._breaker = breaker
        self._drop_if = redis.register_script(_DROP_IF)

    async def put(self, key: str, value: str, seconds: float) -> None:
        """Stores a value."""
        async with self._breaker.answered("values"):
            await self._redis.set(key, value, px=max(1, round(seconds * 1000)))

    async def lease(self, key: str, holder: str, seconds: float) -> bool:
        """Stores `holder` if there is no value; returns whether there was none."""
        async with self._breaker.answered("values"):
            return bool(await self._redis.set(key, holder, nx=True, px=max(1, round(seconds * 1000))))

    async def count(self, keys: Sequence[str], seconds: float) -> list[int]:
        """Adds one to each number, which is 0 if there is no value, and returns them."""
        async with self._breaker.answered("values"), self._redis.pipeline() as pipeline:
            for key in keys:
                pipeline.incr(key)
                pipeline.pexpire(key, max(1, round(seconds * 1000)), nx=True)
            answers = await pipeline.execute()
        return [int(number) for number in answers[::2]]

    async def get(self, key: str) -> tuple[str, float] | None:
        """Returns a value and how many seconds it lasts."""
        async with self._breaker.answered("values"), self._redis.pipeline() as pipeline:
            pipeline.get(key)
            pipeline.pttl(key)
            value, milliseconds = await pipeline.execute()
        return (value.decode(), milliseconds / 1000) if value is not None and milliseconds > 0 else None

    async def take(self, key: str) -> str | None:
        """Returns a value and deletes it: of many callers, one gets it."""
        async with self._breaker.answered("values"):
            value = cast(bytes | None, await self._redis.getdel(key))
        return value.decode() if value is not None else None

    async def drop(self, key: str, value: str) -> None:
        """Deletes a value if it is still this one."""
        async with self._breaker.answered("values"):
            await self._drop_if(keys=[key], args=[value])
