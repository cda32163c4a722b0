"""Rate limits shared by every process: the turns that voters and addresses take."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from uuid import UUID

from redis.asyncio import Redis

from voting.domain.rate import Rate
from voting.redis import keys
from voting.redis.breaker import Breaker

_SCRIPT = (files("voting.redis") / "lua" / "take_turns.lua").read_text("utf-8")


class Turns:
    """Counts calls exactly, over all processes. Raises TryAgain when Redis is away."""

    def __init__(self, redis: Redis, breaker: Breaker) -> None:
        self._breaker = breaker
        self._take = redis.register_script(_SCRIPT)

    async def take(self, uid: UUID, calls: Sequence[Sequence[str]], rates: Sequence[Rate]) -> list[float]:
        """For each call 0, or the seconds until it would be let through.

        A call names one subject for each rate, such as a voter's and an address's hash; it takes a turn of all or none.
        """
        names = [keys.turns(uid, place, subject) for call in calls for place, subject in enumerate(call)]
        limits = [number for rate in rates for number in (rate.interval, rate.burst)]
        async with self._breaker.answered("turns"):
            waits = await self._take(keys=names, args=[len(rates), *limits])
        return [wait / 1_000_000 for wait in waits]
