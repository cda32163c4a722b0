"""Quotas in memory, for a replay: the live rules, for ballots in the order of time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from voting.domain.ballots.quota import buckets, renewal, since
from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Quota
from voting.domain.entry import Entry

_Key = tuple[str, str]
"""A voter, and the scope in which his picks are counted."""


class _Used(Protocol):
    """The use of one quota."""

    def has_left(self, key: _Key, count: int, now: datetime) -> bool:
        """Whether `count` slots are free now."""

    def take(self, key: _Key, count: int, now: datetime) -> None:
        """Takes free slots."""


class Quotas:
    """Every voter's use. Memory grows with voters, not with ballots, except for sliding quotas."""

    def __init__(self, contest: Contest) -> None:
        self._contest = contest
        self._used: list[_Used] = [
            _Sliding(contest, quota) if quota.period == "sliding" else _Period(contest, quota)
            for quota in contest.quotas
        ]
        self._categories = {category.id for category in contest.categories}
        self._only_category = contest.categories[0].id if len(self._categories) == 1 else None
        self.not_applied: Counter[int] = Counter()
        """By the quota's index: the number of picks without a known category, to which it could not be applied."""

    def take(self, voter: str, picks: Iterable[tuple[str, str | None]], now: datetime) -> bool:
        """Takes the slots of one ballot, given its picks as entry and category.

        Returns False, and takes nothing, if a quota is exceeded.
        """
        entries = tuple(
            [
                _entry(entry, self._only_category or (category if category in self._categories else ""))
                for entry, category in picks
            ]
        )
        wanted = buckets(self._contest, entries)
        for unknown in [
            bucket for bucket in wanted if not bucket.scope and self._contest.quotas[bucket.quota].per == "category"
        ]:
            self.not_applied[unknown.quota] += wanted.pop(unknown)
        for (quota, scope), count in wanted.items():
            if not self._used[quota].has_left((voter, scope), count, now):
                return False
        for (quota, scope), count in wanted.items():
            self._used[quota].take((voter, scope), count, now)
        return True


@lru_cache(20_000)
def _entry(code: str, category: str) -> Entry:
    """Returns the part of an entry that quotas use. Cached: there are few entries."""
    return Entry(code, "", "", category)


class _Period:
    """A calendar period ends for all voters at once: only the current one is kept."""

    def __init__(self, contest: Contest, quota: Quota) -> None:
        self._contest = contest
        self._quota = quota
        self._limit = quota.limit
        self._begins = self._ends = datetime.min.replace(tzinfo=UTC)
        self._taken: dict[_Key, int] = {}

    def has_left(self, key: _Key, count: int, now: datetime) -> bool:
        if now >= self._ends:
            begins = since(self._contest, self._quota, now)
            # Do not compare ends: if clocks are set back by less than an hour, the period continues after its end.
            if begins != self._begins:
                self._begins, self._taken = begins, {}
            self._ends = renewal(self._contest, self._quota, now)
        return self._taken.get(key, 0) + count <= self._limit

    def take(self, key: _Key, count: int, now: datetime) -> None:
        self._taken[key] = self._taken.get(key, 0) + count


class _Sliding:
    def __init__(self, contest: Contest, quota: Quota) -> None:
        self._contest = contest
        self._quota = quota
        self._taken: dict[_Key, deque[datetime]] = {}

    def has_left(self, key: _Key, count: int, now: datetime) -> bool:
        slots = self._taken.get(key)
        if slots is None:
            return count <= self._quota.limit
        first = since(self._contest, self._quota, now)
        while slots and slots[0] < first:
            slots.popleft()
        return len(slots) + count <= self._quota.limit

    def take(self, key: _Key, count: int, now: datetime) -> None:
        self._taken.setdefault(key, deque()).extend([now] * count)
