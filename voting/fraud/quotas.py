"""Quotas in memory, for a replay: the same rules as live, for ballots of one pick, in the order of time."""

from __future__ import annotations

from collections import deque
from datetime import datetime

from voting.domain.contest import Contest
from voting.domain.quota import renewal, since, stamp


class Quotas:
    """What every voter has used. Memory grows with voters, not with ballots, but for sliding quotas."""

    def __init__(self, contest: Contest) -> None:
        self._contest = contest
        self._used: dict[tuple[str, int, str], deque[datetime]] = {}
        self._periods: list[tuple[datetime, datetime] | None] = [None] * len(contest.quotas)

    def take(self, voter: str, entry: str, category: str, now: datetime) -> bool:
        """Takes one slot of each quota; False, and nothing is taken, where one is exhausted."""
        taken = []
        for index, quota in enumerate(self._contest.quotas):
            scope = {"contest": "", "category": category, "entry": entry}[quota.per]
            slots = self._used.setdefault((voter, index, scope), deque())
            first = self._since(index, now)
            while slots and slots[0] < first:
                slots.popleft()
            if len(slots) >= quota.limit:
                return False
            taken.append((slots, first if quota.period != "sliding" else now))
        for slots, name in taken:
            slots.append(name)
        return True

    def _since(self, index: int, now: datetime) -> datetime:
        """The first moment whose slots count now; a calendar's period is looked up once."""
        quota = self._contest.quotas[index]
        if quota.period == "sliding":
            return since(self._contest, quota, now)
        period = self._periods[index]
        if period is None or now >= period[1]:
            period = stamp(self._contest, quota, now), renewal(self._contest, quota, now)
            self._periods[index] = period
        return period[0]
