"""Limits how fast each subject, such as a voter or an address, may call.

It counts exactly, over all processes, with one round trip for many calls. It stops a single credential or host from
taking the service's time; it is neither a quota nor fraud control. The same round trip counts similar ballots for fraud
control. Without Redis all calls are admitted and nothing is counted: quotas are enforced by PostgreSQL, and each
process still has its own flood limiter.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from voting import retry_after, telemetry
from voting.domain.ballots.rate import Rate
from voting.errors import SlowDown, TryAgain
from voting.redis.turns import Call, Taken, Turns

_UNCOUNTED = Taken(0, None)


class RateLimits:
    """Admits calls, or refuses them for a time."""

    def __init__(self, turns: Turns, *rates: Rate) -> None:
        self._turns = turns
        self._rates = rates

    async def admit(self, uid: UUID, call: Call, now: float) -> Taken:
        """Returns the counters of an admitted call. `now`: seconds of Unix time. Raises SlowDown."""
        (taken,) = await self.admit_all(uid, [call], now)
        if isinstance(taken, SlowDown):
            raise taken
        return taken

    async def admit_all(self, uid: UUID, calls: Sequence[Call], now: float) -> list[Taken | SlowDown]:
        """Returns the counters of each call, or its refusal with the time to wait, in one round trip.

        While Redis is away the counters are unknown, and the tickets are accepted.
        """
        try:
            return [_refused(each) or each for each in await self._turns.take(uid, calls, self._rates, now)]
        except Exception as error:
            if not isinstance(error, TryAgain):
                logging.getLogger("voting").exception("the limits could not be asked")
            telemetry.UNLIMITED.inc(len(calls))
            return [_UNCOUNTED] * len(calls)


def _refused(taken: Taken) -> SlowDown | None:
    if not taken.wait:
        return None
    telemetry.SHED.labels("limit").inc()
    return SlowDown(retry_after=retry_after.at_least(taken.wait))
