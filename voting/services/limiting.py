"""Limits how fast a voter, and an address, may call: exactly, over all processes, one round trip for many calls.

It keeps a single credential or host from taking the service's time; it is no quota, and judges nobody's honesty.
Without Redis everyone is let through: quotas are PostgreSQL's, and each process still has its own shield.
"""

from __future__ import annotations

import asyncio
import logging
import math
from dataclasses import dataclass
from uuid import UUID

from voting import telemetry
from voting.domain.rate import Rate
from voting.errors import SlowDown, TryAgain
from voting.redis.turns import Turns

_MOST = 128


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    subjects: tuple[str, str]
    wait: asyncio.Future[float]


class Limiting:
    """Lets calls through, or asks for patience."""

    def __init__(self, turns: Turns, voter: Rate, address: Rate) -> None:
        self._turns = turns
        self._rates = (voter, address)
        self._calls: dict[UUID, list[_Call]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def admit(self, uid: UUID, voter: bytes, address: str) -> None:
        """Returns when the call may go on. Raises SlowDown, with how long to wait."""
        call = _Call((voter.hex(), address), asyncio.get_running_loop().create_future())
        waiting = self._calls.get(uid)
        if waiting is None:
            self._calls[uid] = [call]
            task = asyncio.create_task(self._ask(uid))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            waiting.append(call)
        if seconds := await call.wait:
            telemetry.SHED.labels("limit").inc()
            raise SlowDown(retry_after=math.ceil(seconds))

    async def _ask(self, uid: UUID) -> None:
        """One question at a time for each contest: what comes meanwhile goes together with the next."""
        while calls := self._calls[uid][:_MOST]:
            del self._calls[uid][:_MOST]
            try:
                waits = await self._waits(uid, calls)
            except Exception:
                # Whatever it is, those who come next must not wait for a question that nobody asks.
                logging.getLogger("voting").exception("the limits could not be asked")
                waits = self._unlimited(calls)
            for call, wait in zip(calls, waits, strict=True):
                if not call.wait.done():
                    call.wait.set_result(wait)
        del self._calls[uid]

    async def _waits(self, uid: UUID, calls: list[_Call]) -> list[float]:
        try:
            return await self._turns.take(uid, [call.subjects for call in calls], self._rates)
        except TryAgain:
            return self._unlimited(calls)

    @staticmethod
    def _unlimited(calls: list[_Call]) -> list[float]:
        telemetry.UNLIMITED.inc(len(calls))
        return [0.0] * len(calls)
