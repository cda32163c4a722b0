"""Quotas as buckets of slots."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from voting.domain.contest import read_contest
from voting.domain.entry import Entry
from voting.domain.quota import Bucket, buckets, exhausted, remaining

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
""")
NOW = datetime(2026, 8, 2, 4, tzinfo=UTC)
DAY = datetime(2026, 8, 1, 16, tzinfo=UTC)
A, B = Entry("A", "a", "x", "one"), Entry("B", "b", "x", "two")


def test_each_pick_takes_a_slot_of_every_quota() -> None:
    assert buckets(CONTEST, (A, A, B), NOW) == {
        Bucket(0, "", DAY): 3,
        Bucket(1, "one", CONTEST.opens_at): 2,
        Bucket(1, "two", CONTEST.opens_at): 1,
        Bucket(2, "A", DAY): 2,
        Bucket(2, "B", DAY): 1,
    }


def test_exhausted_names_the_buckets_that_are_full() -> None:
    wanted = buckets(CONTEST, (A, A, B), NOW)
    assert exhausted(CONTEST, wanted, {}) == (Bucket(2, "A", DAY),)
    used = {Bucket(0, "", DAY): 3, Bucket(1, "two", CONTEST.opens_at): 3}
    assert exhausted(CONTEST, buckets(CONTEST, (B,), NOW), used) == (Bucket(1, "two", CONTEST.opens_at),)


def test_remaining_counts_the_current_period_and_tells_no_entry() -> None:
    yesterday = DAY - timedelta(days=1)
    used = {Bucket(0, "", DAY): 2, Bucket(0, "", yesterday): 5, Bucket(2, "A", DAY): 1}
    left = remaining(CONTEST, used, NOW)
    assert left.picks == 3
    assert [(limit.per, limit.scope, limit.left) for limit in left.limits] == [
        ("contest", "", 3),
        ("category", "one", 3),
        ("category", "two", 3),
    ]
    assert left.limits[0].renews_at == DAY + timedelta(days=1)
    assert left.limits[1].renews_at == CONTEST.closes_at


def test_nothing_renews_after_the_window() -> None:
    last_day = CONTEST.closes_at - timedelta(hours=2)
    assert remaining(CONTEST, {}, last_day).limits[0].renews_at == CONTEST.closes_at
