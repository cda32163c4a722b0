"""Calendar periods, daylight saving included."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from voting.domain.contest.calendar import Period, last_daily, last_multiple, next_period, period_start

EDGE = datetime(2000, 1, 1, tzinfo=UTC)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("period", "zone", "now", "start", "end"),
    [
        ("day", "Asia/Shanghai", "2026-08-01T23:59:59+08:00", "2026-08-01T00:00:00+08:00", "2026-08-02T00:00:00+08:00"),
        ("day", "Asia/Shanghai", "2026-08-02T00:00:00+08:00", "2026-08-02T00:00:00+08:00", "2026-08-03T00:00:00+08:00"),
        ("day", "Asia/Kathmandu", "2026-08-01T18:14:59Z", "2026-07-31T18:15:00Z", "2026-08-01T18:15:00Z"),
        ("day", "Asia/Kathmandu", "2026-08-01T18:15:00Z", "2026-08-01T18:15:00Z", "2026-08-02T18:15:00Z"),
        # 2026-03-08 has 23 hours in New York, 2026-11-01 has 25.
        ("day", "America/New_York", "2026-03-08T12:00:00-04:00", "2026-03-08T05:00:00Z", "2026-03-09T04:00:00Z"),
        ("day", "America/New_York", "2026-11-01T12:00:00-05:00", "2026-11-01T04:00:00Z", "2026-11-02T05:00:00Z"),
        ("day", "Asia/Shanghai", "2028-02-29T12:00:00+08:00", "2028-02-29T00:00:00+08:00", "2028-03-01T00:00:00+08:00"),
        (
            "week",
            "Asia/Shanghai",
            "2026-11-22T23:00:00+08:00",
            "2026-11-16T00:00:00+08:00",
            "2026-11-23T00:00:00+08:00",
        ),
        ("hour", "Asia/Kathmandu", "2026-08-01T10:20:00Z", "2026-08-01T10:15:00Z", "2026-08-01T11:15:00Z"),
        # The two hours that New York's clocks both call one o'clock are two periods.
        ("hour", "America/New_York", "2026-11-01T05:30:00Z", "2026-11-01T05:00:00Z", "2026-11-01T06:00:00Z"),
        ("hour", "America/New_York", "2026-11-01T06:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T07:00:00Z"),
        ("window", "Asia/Shanghai", "2026-08-01T00:00:00Z", "2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z"),
    ],
)
def test_periods(period: Period, zone: str, now: str, start: str, end: str) -> None:
    assert period_start(period, utc(now), ZoneInfo(zone), EDGE) == utc(start)
    assert next_period(period, utc(now), ZoneInfo(zone), EDGE) == utc(end)


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2026-08-02T17:59:59+08:00", "2026-08-01T18:00:00+08:00"),
        ("2026-08-02T18:00:00+08:00", "2026-08-02T18:00:00+08:00"),
        ("2026-08-02T00:30:00+08:00", "2026-08-01T18:00:00+08:00"),
    ],
)
def test_the_last_daily_moment(now: str, last: str) -> None:
    assert last_daily(time(18), utc(now), ZoneInfo("Asia/Shanghai")) == utc(last)


def test_the_last_multiple() -> None:
    assert last_multiple(5, utc("2026-08-01T10:04:59Z")) == utc("2026-08-01T10:00:00Z")
    assert last_multiple(5, utc("2026-08-01T10:05:00Z")) == utc("2026-08-01T10:05:00Z")
