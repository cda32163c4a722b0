"""Quotas: which slots a ballot takes, and what remains.

A quota of N is N numbered slots for each (voter, quota, what it counts for, period). A pick, or a ballot where ballots
are counted, takes one slot of every quota; the slots are unique in the database, so no race can hand out more than N.
A calendar period is named by its beginning; a slot of a sliding interval by the moment at which it was taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from voting.domain.contest.calendar import next_period, period_start
from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Quota
from voting.domain.entry import Entry

_INSTANT = timedelta(microseconds=1)


class Bucket(NamedTuple):
    """What one quota counts together of one voter."""

    quota: int
    """Index of the quota in the contest's file."""
    scope: str
    """Entry code or category id; empty for the whole contest."""


class Use(NamedTuple):
    """Slots taken of a bucket in the period that holds now; `oldest` names the first of them."""

    taken: int = 0
    oldest: datetime | None = None


_UNUSED = Use()


class Limit(NamedTuple):
    """What one quota still allows. `scope` is a category's id where the quota is counted per category."""

    unit: str
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


def since(contest: Contest, quota: Quota, now: datetime) -> datetime:
    """The first moment whose slots a quota counts now, UTC. A slot exactly one interval old is free again."""
    if quota.period == "sliding":
        return now - _interval(quota) + _INSTANT
    return period_start(quota.period, now, contest.zone, contest.opens_at)


def stamp(contest: Contest, quota: Quota, now: datetime) -> datetime:
    """What a slot taken now is named by."""
    return now if quota.period == "sliding" else since(contest, quota, now)


def buckets(contest: Contest, picks: tuple[Entry, ...]) -> dict[Bucket, int]:
    """How many slots of each bucket a ballot takes."""
    taken: dict[Bucket, int] = {}
    for index, quota in enumerate(contest.quotas):
        if quota.unit == "ballots":
            taken[Bucket(index, "")] = 1
            continue
        for entry in picks:
            bucket = Bucket(index, _scope(quota, entry))
            taken[bucket] = taken.get(bucket, 0) + 1
    return taken


def exhausted(contest: Contest, wanted: Mapping[Bucket, int], used: Mapping[Bucket, Use]) -> tuple[Bucket, ...]:
    """The buckets that cannot hold what is wanted."""
    return tuple(
        bucket
        for bucket, count in sorted(wanted.items())
        if used.get(bucket, _UNUSED).taken + count > contest.quotas[bucket.quota].limit
    )


def spent(used: Mapping[Bucket, Use], wanted: Mapping[Bucket, int], now: datetime) -> dict[Bucket, Use]:
    """The use after a ballot cast now."""
    after = dict(used)
    for bucket, count in wanted.items():
        before = used.get(bucket, _UNUSED)
        after[bucket] = Use(before.taken + count, before.oldest or now)
    return after


def renewal(contest: Contest, quota: Quota, taken: datetime) -> datetime:
    """When a slot taken at that moment is free again; the window's end where that comes first."""
    if quota.period == "sliding":
        return min(taken + _interval(quota), contest.closes_at)
    return min(next_period(quota.period, taken, contest.zone, contest.closes_at), contest.closes_at)


def renewals(contest: Contest, now: datetime) -> tuple[datetime, ...]:
    """By quota, when a slot taken now is free again."""
    return tuple(renewal(contest, quota, now) for quota in contest.quotas)


def public_buckets(contest: Contest) -> list[Bucket]:
    """The buckets that a voter is told of. Not those per entry: they would tell a vote buyer which were picked."""
    return [
        Bucket(index, scope) for index, quota in enumerate(contest.quotas) for scope in _public_scopes(quota, contest)
    ]


def remaining(
    contest: Contest, used: Mapping[Bucket, Use], now: datetime, ends: tuple[datetime, ...] | None = None
) -> Remaining:
    """What is left of the public buckets.

    `ends`: the `renewals` of now, where many voters are told at one moment.
    """
    ends = ends or renewals(contest, now)
    limits = tuple(
        _limit(contest, bucket, used.get(bucket, _UNUSED), ends[bucket.quota]) for bucket in public_buckets(contest)
    )
    overall = [_picks(limit, contest) for limit in limits if limit.per == "contest"]
    return Remaining(min(overall, default=None), limits)


def _limit(contest: Contest, bucket: Bucket, use: Use, end: datetime) -> Limit:
    quota = contest.quotas[bucket.quota]
    if quota.period == "sliding" and use.oldest:
        # Of a calendar period all slots are free again at the same moment; here each has its own.
        end = renewal(contest, quota, use.oldest)
    return Limit(quota.unit, quota.per, quota.period, bucket.scope, quota.limit, max(0, quota.limit - use.taken), end)


def _picks(limit: Limit, contest: Contest) -> int:
    return limit.left * contest.ballot.most if limit.unit == "ballots" else limit.left


def _interval(quota: Quota) -> timedelta:
    return timedelta(minutes=quota.minutes or 0)


def _public_scopes(quota: Quota, contest: Contest) -> tuple[str, ...]:
    if quota.per != "category":
        return ("",) if quota.per == "contest" else ()
    return contest.category_ids


def _scope(quota: Quota, entry: Entry) -> str:
    if quota.per == "contest":
        return ""
    return entry.category if quota.per == "category" else entry.code
