"""Quotas: which slots a ballot's picks take, and what remains.

A quota of N picks is N numbered slots for each (voter, quota, what it counts for, period). A pick takes one slot of
every quota; the slots are unique in the database, so no race can hand out more than N.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from voting.domain.calendar import next_period, period_start
from voting.domain.contest import Contest, Quota
from voting.domain.entry import Entry


@dataclass(frozen=True, slots=True, order=True)
class Bucket:
    """The picks of one voter that one quota counts together."""

    quota: int
    """Index of the quota in the contest's file."""
    scope: str
    """Entry code or category id; empty for the whole contest."""
    period: datetime
    """When the period began, UTC."""


@dataclass(frozen=True, slots=True)
class Limit:
    """What one quota still allows. `scope` is a category's id where the quota is counted per category."""

    per: str
    period: str
    scope: str
    limit: int
    left: int
    renews_at: datetime


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a voter may still pick now."""

    picks: int | None
    """Picks left over all entries; None where only narrower quotas limit them."""
    limits: tuple[Limit, ...]


def buckets(contest: Contest, picks: tuple[Entry, ...], now: datetime) -> Counter[Bucket]:
    """How many slots of each bucket the picks take."""
    taken: Counter[Bucket] = Counter()
    for index, quota in enumerate(contest.quotas):
        begins = period_start(quota.period, now, contest.zone, contest.opens_at)
        taken.update(Bucket(index, _scope(quota, entry), begins) for entry in picks)
    return taken


def exhausted(contest: Contest, wanted: Mapping[Bucket, int], used: Mapping[Bucket, int]) -> tuple[Bucket, ...]:
    """The buckets that cannot hold what is wanted."""
    return tuple(
        bucket
        for bucket, count in sorted(wanted.items())
        if used.get(bucket, 0) + count > contest.quotas[bucket.quota].picks
    )


def remaining(contest: Contest, used: Mapping[Bucket, int], now: datetime) -> Remaining:
    """What is left. Quotas per entry are left out: they would tell a vote buyer which entries were picked."""
    limits = tuple(
        _limit(contest, index, scope, used, now)
        for index, quota in enumerate(contest.quotas)
        for scope in _public_scopes(quota, contest)
    )
    overall = [limit.left for limit in limits if limit.per == "contest"]
    return Remaining(min(overall, default=None), limits)


def _limit(contest: Contest, index: int, scope: str, used: Mapping[Bucket, int], now: datetime) -> Limit:
    quota = contest.quotas[index]
    begins = period_start(quota.period, now, contest.zone, contest.opens_at)
    left = max(0, quota.picks - used.get(Bucket(index, scope, begins), 0))
    renews = min(next_period(quota.period, now, contest.zone, contest.closes_at), contest.closes_at)
    return Limit(quota.per, quota.period, scope, quota.picks, left, renews)


def _public_scopes(quota: Quota, contest: Contest) -> tuple[str, ...]:
    categories = tuple(category.id for category in contest.categories)
    return {"contest": ("",), "category": categories, "entry": ()}[quota.per]


def _scope(quota: Quota, entry: Entry) -> str:
    return {"contest": "", "category": entry.category, "entry": entry.code}[quota.per]
