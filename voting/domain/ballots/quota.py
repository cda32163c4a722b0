"""Quotas: which slots a ballot takes, and what remains.

A quota of N is N numbered slots for each (voter, quota, scope, period). Each pick, or each ballot if the unit is
ballots, takes one slot of every quota. The database keeps slots unique, so no race can hand out more than N. A calendar
period is identified by its beginning; a slot of a sliding interval by the moment at which it was taken.
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
    """One counter of a voter: a quota and the entry or category that it counts for."""

    quota: int
    """Index of the quota in the contest's file."""
    scope: str
    """Entry code or category id; empty for the whole contest."""


class Use(NamedTuple):
    """Slots taken of a bucket in the current period; `oldest` is the stamp of the first of them."""

    taken: int = 0
    oldest: datetime | None = None


_UNUSED = Use()


class Limit(NamedTuple):
    """What one quota still allows. `scope` is the category's id if the quota is counted per category."""

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
    """Picks left over all entries; None if only narrower quotas limit them."""
    limits: tuple[Limit, ...]


def since(contest: Contest, quota: Quota, now: datetime) -> datetime:
    """Returns the first moment (UTC) whose slots count now. A slot exactly one interval old is free again."""
    if quota.period == "sliding":
        return now - _interval(quota) + _INSTANT
    return period_start(quota.period, now, contest.zone, contest.opens_at)


def stamp(contest: Contest, quota: Quota, now: datetime) -> datetime:
    """Returns the moment that identifies a slot taken now."""
    return now if quota.period == "sliding" else since(contest, quota, now)


def buckets(contest: Contest, picks: tuple[Entry, ...]) -> dict[Bucket, int]:
    """Returns the number of slots that a ballot takes of each bucket."""
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
    """Returns the buckets without enough slots left."""
    return tuple(
        bucket
        for bucket, count in sorted(wanted.items())
        if used.get(bucket, _UNUSED).taken + count > contest.quotas[bucket.quota].limit
    )


def spent(used: Mapping[Bucket, Use], wanted: Mapping[Bucket, int], now: datetime) -> dict[Bucket, Use]:
    """Returns the use after a ballot cast now."""
    after = dict(used)
    for bucket, count in wanted.items():
        before = used.get(bucket, _UNUSED)
        after[bucket] = Use(before.taken + count, before.oldest or now)
    return after


def renewal(contest: Contest, quota: Quota, taken: datetime) -> datetime:
    """Returns when a slot taken at `taken` is free again, at the latest when the window closes."""
    if quota.period == "sliding":
        return min(taken + _interval(quota), contest.closes_at)
    return min(next_period(quota.period, taken, contest.zone, contest.closes_at), contest.closes_at)


def renewals(contest: Contest, now: datetime) -> tuple[datetime, ...]:
    """Returns when a slot taken now is free again, for each quota."""
    return tuple(renewal(contest, quota, now) for quota in contest.quotas)


def public_buckets(contest: Contest) -> list[Bucket]:
    """Returns the buckets shown to a voter. Those per entry stay out: they would show a vote buyer what was picked."""
    return [
        Bucket(index, scope) for index, quota in enumerate(contest.quotas) for scope in _public_scopes(quota, contest)
    ]


def remaining(
    contest: Contest, used: Mapping[Bucket, Use], now: datetime, ends: tuple[datetime, ...] | None = None
) -> Remaining:
    """Returns what is left of the public buckets.

    `ends` are the `renewals` of now; pass them to compute them once for many voters.
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
        # The slots of a calendar period are all freed at one moment; sliding slots one by one.
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
