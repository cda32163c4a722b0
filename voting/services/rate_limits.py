"""Limits how fast each subject, such as a voter or an address, may call.

It counts exactly, over all processes, with one round trip for many calls. It stops a single credential or host from
taking the service's time; it is neither a quota nor fraud control. The same round trip counts similar ballots for fraud
control. Without Redis all calls are admitted and nothing is counted: quotas are enforced by PostgreSQL, and each
process still has its own flood limiter.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from uuid import UUID

from voting import retry_after, telemetry
from voting.domain.ballots.rate import Rate
from voting.errors import SlowDown, TryAgain
from voting.redis.turns import Call, Taken, Turns

_MOST = 128
_UNCOUNTED = Taken(0, None)


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    call: Call
    now: float
    taken: asyncio.Future[Taken]


class RateLimits:
    """Admits calls, or refuses them for a time."""

    def __init__(self, turns: Turns, *rates: Rate) -> None:
        self._turns = turns
        self._rates = rates
        self._calls: dict[UUID, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def admit(self, uid: UUID, call: Call, now: float) -> Taken:
        """Returns when the call may go on. `now`: seconds of Unix time. Raises SlowDown with the time to wait.

        While Redis is away the counters are unknown, and the ticket is accepted.
        """
        waiting = _Waiting(call, now, asyncio.get_running_loop().create_future())
        queue = self._calls.get(uid)
        if queue is None:
            self._calls[uid] = [waiting]
            task = asyncio.create_task(self._ask(uid))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            queue.append(waiting)
        taken = await waiting.taken
        if taken.wait:
            telemetry.SHED.labels("limit").inc()
            raise SlowDown(retry_after=retry_after.at_least(taken.wait))
        return taken

    async def _ask(self, uid: UUID) -> None:
        """Sends one request at a time for each contest; calls that arrive meanwhile are sent together next."""
        while calls := self._calls[uid][:_MOST]:
            del self._calls[uid][:_MOST]
            try:
                answers = await self._turns.take(uid, [waiting.call for waiting in calls], self._rates, calls[-1].now)
            except Exception as error:
                # Release the waiting calls on any error, so that they do not wait for a request that nobody sends.
                if not isinstance(error, TryAgain):
                    logging.getLogger("voting").exception("the limits could not be asked")
                telemetry.UNLIMITED.inc(len(calls))
                answers = [_UNCOUNTED] * len(calls)
            for call, taken in zip(calls, answers, strict=True):
                if not call.taken.done():
                    call.taken.set_result(taken)
        del self._calls[uid]
