"""The remaining quota of a voter as JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from voting.domain.ballots.quota import Bucket, Remaining, Use, public_buckets, remaining, renewals
from voting.domain.contest.contest import Contest

_MOST = 10_000


class RemainingQuota:
    """Caches the JSON, because many voters have used the same amounts of the same quotas."""

    def __init__(self) -> None:
        self._told: dict[tuple[object, ...], str] = {}

    def at(self, contest: Contest, revision: int, now: datetime) -> Callable[[Mapping[Bucket, Use]], str]:
        """Returns a function from the used quota to the JSON of `describe` at `now`."""
        ends, shown = renewals(contest, now), public_buckets(contest)
        if any(quota.period == "sliding" for quota in contest.quotas):
            # Each slot has its own end there.
            return lambda used: _encoded(contest, used, now, ends)

        def tell(used: Mapping[Bucket, Use]) -> str:
            key = (contest.id, revision, ends, *[used[bucket].taken if bucket in used else 0 for bucket in shown])
            found = self._told.get(key)
            if found is None:
                if len(self._told) >= _MOST:
                    self._told.clear()
                found = self._told[key] = _encoded(contest, used, now, ends)
            return found

        return tell


def describe(contest: Contest, left: Remaining) -> dict[str, Any]:
    """Returns the remaining quota ready for JSON, with times in the contest's time zone."""
    limits = [
        {
            "unit": limit.unit,
            "per": limit.per,
            "period": limit.period,
            "scope": limit.scope,
            "limit": limit.limit,
            "left": limit.left,
            "renews_at": limit.renews_at.astimezone(contest.zone),
        }
        for limit in left.limits
    ]
    return {"picks": left.picks, "limits": limits}


def _encoded(contest: Contest, used: Mapping[Bucket, Use], now: datetime, ends: tuple[datetime, ...]) -> str:
    return msgspec.json.encode(describe(contest, remaining(contest, used, now, ends))).decode()
