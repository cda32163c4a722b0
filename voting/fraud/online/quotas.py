"""Quotas in memory, for a replay: the same rules as live, for ballots in the order of time."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol

from voting.domain.ballots.quota import Bucket, buckets, renewal, since
from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Quota
from voting.domain.entry import Entry

_Key = tuple[str, str]
"""A voter, and for what his picks are counted together."""


class _Used(Protocol):
    """What is used of one quota."""

    def has_left(self, key: _Key, count: int, now: datetime) -> bool:
        """Whether so many slots are free now."""

    def take(self, key: _Key, count: int, now: datetime) -> None:
        """Takes some of those that are free."""


class Quotas:
    """What every voter has used. Memory grows with voters, not with ballots, but for sliding quotas."""

    def __init__(self, contest: Contest) -> None:
        self._contest = contest
        self._used: list[_Used] = [
            _Sliding(contest, quota) if quota.period == "sliding" else _Period(contest, quota)
            for quota in contest.quotas
        ]
        self._categories = {category.id for category in contest.categories}
        self.not_applied: Counter[int] = Counter()
        """By a quota's index: to how many picks it could not be applied, for nobody knows their categories."""

    def take(self, voter: str, picks: Iterable[tuple[str, str | None]], now: datetime) -> bool:
        """Takes what one ballot needs, by its picks: entry and category. False, and nothing is taken, where a quota
        cannot hold all of it."""
        entries = tuple([_entry(entry, self._known(category)) for entry, category in picks])
        wanted = self._applicable(buckets(self._contest, entries))
        for (quota, scope), count in wanted.items():
            if not self._used[quota].has_left((voter, scope), count, now):
                return False
        for (quota, scope), count in wanted.items():
            self._used[quota].take((voter, scope), count, now)
        return True

    def _known(self, category: str | None) -> str:
        """The category, where it is told or there is but one; empty where nobody knows."""
        if len(self._categories) == 1:
            return self._contest.categories[0].id
        return category if category in self._categories else ""

    def _applicable(self, wanted: Mapping[Bucket, int]) -> Mapping[Bucket, int]:
        unknown = [each for each in wanted if not each.scope and self._contest.quotas[each.quota].per == "category"]
        for each in unknown:
            self.not_applied[each.quota] += wanted[each]
        return {each: count for each, count in wanted.items() if each not in unknown} if unknown else wanted


@lru_cache(20_000)
def _entry(code: str, category: str) -> Entry:
    """What a quota looks at. Cached: there are few entries."""
    return Entry(code, "", "", category)


class _Period:
    """A calendar's period ends for all voters at once: only the one that holds now is kept."""

    def __init__(self, contest: Contest, quota: Quota) -> None:
        self._contest = contest
        self._quota = quota
        self._limit = quota.limit
        self._begins = self._ends = datetime.min.replace(tzinfo=UTC)
        self._taken: dict[_Key, int] = {}

    def has_left(self, key: _Key, count: int, now: datetime) -> bool:
        if now >= self._ends:
            begins = since(self._contest, self._quota, now)
            # Not by the end: where clocks are set back by less than an hour, the period goes on after it.
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
