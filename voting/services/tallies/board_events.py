"""The live boards' events as JSON values: absolute states of what was read, for staff and for the big screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from itertools import pairwise
from typing import Any

from voting.domain.results.scoring import Tally, ranks
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.tallies.activity import SNAPSHOT_MINUTES, Activity, Minute
from voting.services.tallies.projection import Reading
from voting.services.tallies.reader import Shown

# Bars on the big screen.
SCREEN_ENTRIES = 10


def tally(snapshot: ContestSnapshot, reading: Reading) -> dict[str, Any]:
    """Returns every entry's figures, by place."""
    every = {code: reading.tallies.get(code, Tally()) for code in snapshot.entries}
    places = ranks({code: tally.counted for code, tally in every.items()})
    rows = [
        {"entry": code, "raw": tally.raw, "held": tally.held, "counted": tally.counted, "rank": places[code]}
        for code, tally in sorted(every.items(), key=lambda item: (places[item[0]], item[0]))
    ]
    return {"as_of": _local(snapshot, reading.as_of), "entries": rows}


def decisions(tallies: Mapping[str, Tally]) -> dict[str, int]:
    """Returns picks by decision."""
    raw, held, counted = (
        sum(getattr(tally, name) for tally in tallies.values()) for name in ("raw", "held", "counted")
    )
    return {"count": counted, "hold": held, "void": raw - held - counted}


def at_stake(snapshot: ContestSnapshot, tallies: Mapping[str, Tally]) -> int | None:
    """Returns the best place that would change if all that is held were counted; None if no place would."""
    every = {code: tallies.get(code, Tally()) for code in snapshot.entries}
    now = ranks({code: tally.counted for code, tally in every.items()})
    then = ranks({code: tally.counted + tally.held for code, tally in every.items()})
    return min((min(now[code], then[code]) for code in every if now[code] != then[code]), default=None)


def minutes(snapshot: ContestSnapshot, activity: Activity) -> dict[str, Any]:
    """Returns the stored minutes of the last hour, oldest first, and the clients of their ballots."""
    return {
        "minutes": [_minute(snapshot, each) for each in activity.minutes],
        "apps": activity.apps,
        "devices": activity.devices,
    }


def places_before(snapshot: ContestSnapshot, activity: Activity) -> dict[str, Any]:
    """Returns earlier places of every entry, by how many minutes ago they were asked for."""
    return {
        str(span): {
            "as_of": _local(snapshot, as_of),
            "places": ranks({code: tallies.get(code, Tally()).counted for code in snapshot.entries}),
        }
        for span, (as_of, tallies) in activity.before.items()
    }


def trend(snapshot: ContestSnapshot, activity: Activity) -> dict[str, Any]:
    """Returns what each entry gained in each span between stored tallies, oldest first; null where one is missing.

    Entries that gained nothing are left out.
    """
    gains = {
        code: [
            later.get(code, Tally()).counted - earlier.get(code, Tally()).counted
            if earlier is not None and later is not None
            else None
            for earlier, later in pairwise(activity.lately.values())
        ]
        for code in snapshot.entries
    }
    return {"minutes": SNAPSHOT_MINUTES, "entries": {code: each for code, each in gains.items() if any(each)}}


def screen(snapshot: ContestSnapshot, shown: Shown, reading: Reading, activity: Activity) -> dict[str, Any]:
    """Returns what a hall sees: the figures that voters see, and how many ballots were recorded, whatever is decided.

    Where picks are hidden there is only their total.
    """
    places = shown.places
    best = sorted(places, key=lambda code: (places[code], code))[:SCREEN_ENTRIES]
    picks = shown.picks or {}
    total = sum(tally.raw for tally in reading.tallies.values()) if shown.picks is None else sum(picks.values())
    return {
        "as_of": _local(snapshot, shown.as_of),
        "total": total,
        "entries": [
            {"entry": code, "title": snapshot.entries[code].title, "picks": picks[code], "rank": places[code]}
            for code in best
            if picks[code]
        ],
        "pace": [{"at": _local(snapshot, each.at), "ballots": each.channels.total()} for each in activity.minutes],
    }


def _minute(snapshot: ContestSnapshot, minute: Minute) -> dict[str, Any]:
    return {
        "at": _local(snapshot, minute.at),
        "channels": minute.channels,
        "held": minute.held,
        "void": minute.void,
        "refused": minute.refused,
    }


def _local(snapshot: ContestSnapshot, moment: datetime) -> datetime:
    return moment.astimezone(snapshot.contest.zone)
