"""Quotas: the use of a ballot, the use of a voter's earlier ballots, and what remains.

A pick, or a ballot if the unit is ballots, takes one of every quota. The use is computed from the voter's own ballots;
these are numbered, and the number is unique in the database, so no race can exceed a quota.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

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
    """The amount taken of a bucket in the current period; `oldest` is the moment of the first."""

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


class Cast(Protocol):
    """An earlier ballot."""

    @property
    def picks(self) -> Sequence[str]:
        """The codes of the entries."""

    @property
    def recorded_at(self) -> datetime:
        """When it was recorded."""


def since(contest: Contest, quota: Quota, now: datetime) -> datetime:
    """Returns the first moment (UTC) whose ballots a quota counts now.

    A pick exactly one interval old is free again.
    """
    if quota.period == "sliding":
        return now - _interval(quota) + _INSTANT
    return period_start(quota.period, now, contest.zone, contest.opens_at)


def first_moment(contest: Contest, now: datetime) -> datetime:
    """Returns the first moment whose ballots any quota counts now; `now` if there is no quota."""
    return min(counted_since(contest, now), default=now)


def buckets(contest: Contest, picks: tuple[Entry, ...]) -> dict[Bucket, int]:
    """Returns the amount that a ballot takes of each bucket."""
    taken: dict[Bucket, int] = {}
    for index, quota in enumerate(contest.quotas):
        if quota.unit == "ballots":
            taken[Bucket(index, "")] = 1
            continue
        for entry in picks:
            scope = "" if quota.per == "contest" else entry.category if quota.per == "category" else entry.code
            bucket = Bucket(index, scope)
            taken[bucket] = taken.get(bucket, 0) + 1
    return taken


def counted_since(contest: Contest, now: datetime) -> list[datetime]:
    """Returns `since` of each quota."""
    return [since(contest, quota, now) for quota in contest.quotas]


def used(
    contest: Contest, entries: Mapping[str, Entry], earlier: Iterable[Cast], moments: Sequence[datetime]
) -> dict[Bucket, Use]:
    """Returns what a voter's earlier ballots have taken of each bucket.

    `entries` includes withdrawn ones; `moments` is `counted_since` of now, computed once for many voters.
    """
    taken: dict[Bucket, Use] = {}
    for ballot in earlier:
        picks = tuple(entries[code] for code in ballot.picks if code in entries)
        for bucket, count in buckets(contest, picks).items():
            if ballot.recorded_at >= moments[bucket.quota]:
                before = taken.get(bucket, _UNUSED)
                oldest = min(before.oldest or ballot.recorded_at, ballot.recorded_at)
                taken[bucket] = Use(before.taken + count, oldest)
    return taken


def exhausted(contest: Contest, wanted: Mapping[Bucket, int], used: Mapping[Bucket, Use]) -> tuple[Bucket, ...]:
    """Returns the buckets with too little left."""
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
    """Returns when a pick or ballot of that moment is free again, at the latest when the window closes."""
    if quota.period == "sliding":
        return min(taken + _interval(quota), contest.closes_at)
    return min(next_period(quota.period, taken, contest.zone, contest.closes_at), contest.closes_at)


def renewals(contest: Contest, now: datetime) -> tuple[datetime, ...]:
    """Returns when a pick or ballot of now is free again, for each quota."""
    return tuple(renewal(contest, quota, now) for quota in contest.quotas)


def public_buckets(contest: Contest) -> list[Bucket]:
    """Returns the buckets shown to a voter. Those per entry stay out: they would show a vote buyer what was picked."""
    scopes = {"contest": ("",), "category": contest.category_ids, "entry": ()}
    return [Bucket(index, scope) for index, quota in enumerate(contest.quotas) for scope in scopes[quota.per]]


def remaining(
    contest: Contest, used: Mapping[Bucket, Use], now: datetime, ends: tuple[datetime, ...] | None = None
) -> Remaining:
    """Returns what is left of the public buckets.

    `ends` are the `renewals` of now; pass them to compute them once for many voters.
    """
    ends = ends or renewals(contest, now)
    limits: list[Limit] = []
    picks: list[int] = []
    for bucket in public_buckets(contest):
        quota, use, end = contest.quotas[bucket.quota], used.get(bucket, _UNUSED), ends[bucket.quota]
        if quota.period == "sliding" and use.oldest:
            # All of a calendar period is free again at the same moment; here each has its own.
            end = renewal(contest, quota, use.oldest)
        left = max(0, quota.limit - use.taken)
        limits.append(Limit(quota.unit, quota.per, quota.period, bucket.scope, quota.limit, left, end))
        if quota.per == "contest":
            picks.append(left * contest.ballot.most if quota.unit == "ballots" else left)
    return Remaining(min(picks, default=None), tuple(limits))


def _interval(quota: Quota) -> timedelta:
    return timedelta(minutes=quota.minutes or 0)
