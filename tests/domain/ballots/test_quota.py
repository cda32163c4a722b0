"""Quotas: the slots that ballots take."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from voting.domain.ballots.quota import (
    Bucket,
    Use,
    buckets,
    counted_since,
    exhausted,
    remaining,
    renewal,
    since,
    spent,
    used,
)
from voting.domain.contest.contest_file import read_contest
from voting.domain.entry import Entry

CONTEST = read_contest("""\
id = "q"
title = "t"
host = "h"
[window]
opens_at = 2026-08-01T00:00:00
days = 10
[[category]]
id = "one"
name = "一"
[[category]]
id = "two"
name = "二"
[ballot]
most = 5
repeats = true
[[quota]]
picks = 5
period = "day"
[[quota]]
picks = 3
per = "category"
[[quota]]
picks = 1
per = "entry"
period = "day"
[[quota]]
ballots = 2
period = "sliding"
minutes = 5
""")
NOW = datetime(2026, 8, 2, 4, tzinfo=UTC)
DAY = datetime(2026, 8, 1, 16, tzinfo=UTC)
A, B = Entry("A", "a", "x", "one"), Entry("B", "b", "x", "two")


def test_each_pick_takes_one_of_every_quota() -> None:
    assert buckets(CONTEST, (A, A, B)) == {
        Bucket(0, ""): 3,
        Bucket(1, "one"): 2,
        Bucket(1, "two"): 1,
        Bucket(2, "A"): 2,
        Bucket(2, "B"): 1,
        Bucket(3, ""): 1,
    }


def test_exhausted_names_the_buckets_that_are_full() -> None:
    wanted = buckets(CONTEST, (A, A, B))
    assert exhausted(CONTEST, wanted, {}) == (Bucket(2, "A"),)
    assert exhausted(CONTEST, buckets(CONTEST, (B,)), {Bucket(1, "two"): Use(3, DAY)}) == (Bucket(1, "two"),)
    assert exhausted(CONTEST, buckets(CONTEST, (B,)), {Bucket(3, ""): Use(2, NOW)}) == (Bucket(3, ""),)


def test_remaining_names_no_entry_and_converts_ballots_to_picks() -> None:
    left = remaining(CONTEST, {Bucket(0, ""): Use(2, DAY), Bucket(2, "A"): Use(1, DAY)}, NOW)
    assert left.picks == 3
    assert [(limit.unit, limit.per, limit.scope, limit.left) for limit in left.limits] == [
        ("picks", "contest", "", 3),
        ("picks", "category", "one", 3),
        ("picks", "category", "two", 3),
        ("ballots", "contest", "", 2),
    ]
    assert left.limits[0].renews_at == DAY + timedelta(days=1)
    assert left.limits[1].renews_at == CONTEST.closes_at
    assert remaining(CONTEST, {Bucket(3, ""): Use(2, NOW)}, NOW).picks == 0


def test_a_sliding_slot_is_free_again_after_exactly_its_interval() -> None:
    sliding = CONTEST.quotas[3]
    taken = NOW - timedelta(minutes=5)
    assert since(CONTEST, sliding, NOW) > taken
    assert since(CONTEST, sliding, NOW - timedelta(microseconds=1)) <= taken
    assert renewal(CONTEST, sliding, taken) == NOW


class Earlier(NamedTuple):
    picks: tuple[str, ...]
    recorded_at: datetime


def test_what_earlier_ballots_have_taken_of_each_quota_is_computed_from_them() -> None:
    entries = {entry.code: entry for entry in (A, B)}
    minute, yesterday = NOW - timedelta(minutes=1), DAY - timedelta(microseconds=1)
    earlier = [Earlier((A.code,), yesterday), Earlier((A.code, A.code, B.code), minute), Earlier(("gone",), NOW)]
    today = used(CONTEST, entries, earlier[1:2], counted_since(CONTEST, NOW))
    taken = buckets(CONTEST, (A, A, B))
    assert {bucket: use.taken for bucket, use in today.items()} == taken
    assert all(use.oldest == minute for use in today.values())
    daily = [bucket for bucket in taken if CONTEST.quotas[bucket.quota].period == "day"]
    assert daily
    assert all(
        used(CONTEST, entries, earlier, counted_since(CONTEST, NOW))[bucket].taken == taken[bucket] for bucket in daily
    )


def test_a_ballot_adds_to_the_use() -> None:
    used = {Bucket(0, ""): Use(2, DAY)}
    after = spent(used, buckets(CONTEST, (A,)), NOW)
    assert after[Bucket(0, "")] == Use(3, DAY)
    assert after[Bucket(3, "")] == Use(1, NOW)


def test_nothing_renews_after_the_window() -> None:
    last_day = CONTEST.closes_at - timedelta(hours=2)
    assert remaining(CONTEST, {}, last_day).limits[0].renews_at == CONTEST.closes_at
    assert renewal(CONTEST, CONTEST.quotas[3], CONTEST.closes_at - timedelta(minutes=1)) == CONTEST.closes_at
