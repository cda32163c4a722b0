"""Calendar periods in a contest's time zone.

A period is identified by the instant at which it begins. Two periods therefore never share an identifier, not even the
two hours that a daylight-saving change gives the same clock reading.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

Period = Literal["window", "week", "day", "hour"]


def period_start(period: Period, now: datetime, zone: ZoneInfo, opens_at: datetime) -> datetime:
    """Returns the UTC instant at which the period containing `now` began. Weeks begin on Monday."""
    local = now.astimezone(zone)
    if period == "window":
        return opens_at
    if period == "hour":
        return (local.replace(minute=0, second=0, microsecond=0)).astimezone(UTC)
    first = local.date() - timedelta(days=local.weekday() if period == "week" else 0)
    return datetime.combine(first, time(), zone).astimezone(UTC)


def next_period(period: Period, now: datetime, zone: ZoneInfo, closes_at: datetime) -> datetime:
    """Returns the UTC instant at which the next period begins: `closes_at` for the window itself."""
    local = now.astimezone(zone)
    if period == "window":
        return closes_at
    if period == "hour":
        return (local.replace(minute=0, second=0, microsecond=0)).astimezone(UTC) + timedelta(hours=1)
    days = 7 - local.weekday() if period == "week" else 1
    return datetime.combine(local.date() + timedelta(days=days), time(), zone).astimezone(UTC)


def last_daily(at: time, now: datetime, zone: ZoneInfo) -> datetime:
    """Returns the latest UTC instant, not after `now`, at which the local clock showed `at`."""
    local = now.astimezone(zone)
    today = datetime.combine(local.date(), at, zone).astimezone(UTC)
    if today <= now:
        return today
    return datetime.combine(local.date() - timedelta(days=1), at, zone).astimezone(UTC)


def last_multiple(minutes: int, now: datetime) -> datetime:
    """Returns the latest UTC instant, not after `now`, that is a whole multiple of `minutes` past midnight UTC."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + (now - midnight) // timedelta(minutes=minutes) * timedelta(minutes=minutes)


def clock_times(local: datetime, zone: ZoneInfo) -> list[datetime]:
    """Returns the moments at which the zone's clocks show `local`: one; two when set back; none when set forward."""
    readings = [local.replace(tzinfo=zone, fold=fold) for fold in (0, 1)]
    shown = [moment for moment in readings if moment.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local]
    # Equal offsets mean one moment.
    return shown[:1] if len({moment.utcoffset() for moment in shown}) == 1 else shown
