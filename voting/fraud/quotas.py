"""Quotas in memory, for a replay: the same rules as live, for ballots of one pick, in the order of time."""

from __future__ import annotations

from collections import deque
from datetime import UTC, datetime
from typing import Protocol

from voting.domain.contest import Contest
from voting.domain.quota import renewal, since
from voting.domain.tables import Quota

_Key = tuple[str, str]
"""A voter, and for what his picks are counted together."""


class _Used(Protocol):
    """What is used of one quota."""

    def has_left(self, key: _Key, now: datetime) -> bool:
        """Whether a slot is free now."""

    def take(self, key: _Key, now: datetime) -> None:
        """Takes one of those that are free."""


class Quotas:
    """What every voter has used. Memory grows with voters, not with ballots, but for sliding quotas."""

    def __init__(self, contest: Contest) -> None:
        self._quotas: list[tuple[str, _Used]] = [
            (quota.per, _Sliding(contest, quota) if quota.period == "sliding" else _Period(contest, quota))
            for quota in contest.quotas
        ]

    def take(self, voter: str, entry: str, category: str, now: datetime) -> bool:
        """Takes one slot of each quota; False, and nothing is taken, where one is exhausted."""
        scopes = {"contest": "", "category": category, "entry": entry}
        wanted = [(used, (voter, scopes[per])) for per, used in self._quotas]
        for used, key in wanted:
            if not used.has_left(key, now):
                return False
        for used, key in wanted:
            used.take(key, now)
        return True


class _Period:
    """A calendar's period ends for all voters at once: only the one that holds now is kept."""

    def __init__(self, contest: Contest, quota: Quota) -> None:
        self._contest = contest
        self._quota = quota
        self._limit = quota.limit
        self._begins = self._ends = datetime.min.replace(tzinfo=UTC)
        self._taken: dict[_Key, int] = {}

    def has_left(self, key: _Key, now: datetime) -> bool:
        if now >= self._ends:
            begins = since(self._contest, self._quota, now)
            # Not by the end: where clocks are set back by less than an hour, the period goes on after it.
            if begins != self._begins:
                self._begins, self._taken = begins, {}
            self._ends = renewal(self._contest, self._quota, now)
        return self._taken.get(key, 0) < self._limit

    def take(self, key: _Key, now: datetime) -> None:
        self._taken[key] = self._taken.get(key, 0) + 1


class _Sliding:
    def __init__(self, contest: Contest, quota: Quota) -> None:
        self._contest = contest
        self._quota = quota
        self._taken: dict[_Key, deque[datetime]] = {}

    def has_left(self, key: _Key, now: datetime) -> bool:
        slots = self._taken.get(key)
        if slots is None:
            return self._quota.limit > 0
        first = since(self._contest, self._quota, now)
        while slots and slots[0] < first:
            slots.popleft()
        return len(slots) < self._quota.limit

    def take(self, key: _Key, now: datetime) -> None:
        self._taken.setdefault(key, deque()).append(now)
