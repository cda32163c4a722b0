"""What voters may see of the tally, and as of when."""

from __future__ import annotations

from datetime import datetime, timedelta

from voting.domain.contest.calendar import last_daily, last_multiple
from voting.domain.contest.contest import Contest

# A ballot's moment is set when its transaction begins; so long a transaction may live before it is committed.
SETTLED = timedelta(seconds=15)


def shown_as_of(contest: Contest, now: datetime) -> datetime | None:
    """The moment whose tally voters see: `now` for `live`, None where picks stay hidden, or there are none.

    A past moment is shown once it is settled: no ballot of before it can still be committed.
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
