"""What voters may see of the tally, and as of when."""

from __future__ import annotations

from datetime import datetime

from voting.domain.calendar import last_daily, last_multiple
from voting.domain.contest import Contest


def shown_as_of(contest: Contest, now: datetime) -> datetime | None:
    """The moment whose tally voters see: `now` for `live`, None where picks stay hidden."""
    rule = contest.display
    match rule.policy:
        case "live":
            return now
        case "delayed":
            return last_multiple(rule.minutes, now)
        case "daily":
            return last_daily(rule.at, now, contest.zone)
        case "hidden":
            return None
