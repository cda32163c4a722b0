"""Until when a published result takes objections (公示期)."""

from __future__ import annotations

from datetime import datetime, time, timedelta, tzinfo

from voting.domain.contest.schema import Publication

_SATURDAY = 5


def ends_at(publication: Publication, begun_at: datetime, zone: tzinfo) -> datetime:
    """Returns the end of the last day; the day on which it begins does not count.

    Working days are those from Monday to Friday: the holidays of a year are not known here.
    """
    day, left = begun_at.astimezone(zone).date(), publication.days
    while left:
        day += timedelta(days=1)
        left -= not publication.working_days or day.weekday() < _SATURDAY
    return datetime.combine(day + timedelta(days=1), time(), zone)
