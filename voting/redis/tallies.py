"""The tallies in Redis."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Literal, cast
from uuid import UUID

from redis.exceptions import ResponseError

from voting.domain.results.scoring import Tally
from voting.redis import keys
from voting.redis.breaker import Breaker
from voting.redis.client import Client

_SCRIPT = (files("voting.redis") / "lua" / "set_tally.lua").read_text("utf-8")


class TallyView:
    """Reads and writes the tallies in Redis. Every method raises TryAgain when Redis is away."""

    def __init__(self, redis: Client, breaker: Breaker) -> None:
        self._redis = redis
        self._breaker = breaker
        self._set = redis.register_script(_SCRIPT)

    async def read(self, uid: UUID) -> dict[str, Tally] | None:
        """Returns the whole tally; None if Redis does not have all of it, or has another type under its key."""
        async with self._breaker.answered("read"):
            try:
                fields = cast(dict[bytes, bytes], await self._redis.hgetall(keys.tally(uid)))
            except ResponseError as error:
                if not str(error).startswith("WRONGTYPE"):
                    raise
                return None
        if fields.pop(keys.COMPLETE.encode(), None) is None:
            return None
        tallies = {}
        try:
            for entry, value in fields.items():
                version, raw, held, counted = (int(part) for part in value.split())
                tallies[entry.decode()] = Tally(raw, held, counted, version)
        except ValueError:
            return None
        return tallies

    async def write(
        self, uid: UUID, tallies: Mapping[str, Tally], mode: Literal["some", "complete", "replace"] = "some"
    ) -> None:
        """Stores the tallies that are newer. `complete`: these are all; `replace`: delete the present ones first."""
        pairs = [
            text
            for entry, tally in tallies.items()
            for text in (entry, f"{tally.version} {tally.raw} {tally.held} {tally.counted}")
        ]
        async with self._breaker.answered("write"):
            await self._set(keys=[keys.tally(uid)], args=[mode, *pairs])

    async def ping(self) -> None:
        """Checks that Redis answers."""
        async with self._breaker.answered("ping"):
            await self._redis.ping()
