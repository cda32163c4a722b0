"""What voters may see of the tally, and as of which moment."""

from __future__ import annotations

from datetime import datetime, timedelta

from voting.domain.contest.calendar import last_daily, last_multiple
from voting.domain.contest.contest import Contest

# The longest time between the start of a ballot's transaction, which sets its moment, and its commit.
SETTLED = timedelta(seconds=15)


def shown_as_of(contest: Contest, now: datetime) -> datetime | None:
    """Returns the moment whose tally voters see: `now` for `live`, None if picks are hidden or there are none.

    A past moment is shown only once no earlier ballot can still be committed.
    """
    if not contest.public_vote:
        return None
    rule, settled = contest.display, now - SETTLED
    match rule.policy:
        case "live":
            return now
        case "delayed":
            return last_multiple(rule.minutes, settled)
        case "daily":
            return last_daily(rule.at, settled, contest.zone)
        case "hidden":
            return None
