"""Live boards: thousands are watching while voters vote."""

from __future__ import annotations

import asyncio
import builtins
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from loadtests.pressure.crowd import Seen, board, crowd
from loadtests.pressure.outcome import Goal, Outcome
from loadtests.pressure.pacing import Range, Volley
from loadtests.pressure.site import Site, Usage
from loadtests.pressure.sizes import Sizes

GOAL_PERCENT = 20.0
BOARDS_OF_A_KEY = 200
# The states that a board gets when it is opened; more shows that it goes on.
FIRST_EVENTS = 4


async def run(place: Site, sizes: Sizes) -> Outcome:
    """Plays it: rounds without and with boards in turn, so that the machine's moods meet both."""
    range = Range(place.port, place.supply)
    keys = [place.organiser_key() for _ in builtins.range(-(-sizes.connections // BOARDS_OF_A_KEY))]
    await range.fleet.open(sizes.steady_connections)
    # The first ballots warm up; and what opening thousands of boards costs is not what watching costs.
    await range.open_loop(sizes.steady_rate, sizes.calm_seconds)
    without: list[Volley] = []
    beside: list[Volley] = []
    seen: list[list[Seen]] = []
    cores = []
    for _ in [None] * sizes.board_rounds:
        without.append(await range.open_loop(sizes.steady_rate, sizes.board_seconds))
        async with crowd(place.port, sizes.connections, [board(key) for key in keys]) as those:
            await asyncio.sleep(sizes.calm_seconds)
            usage = Usage(place)
            beside.append(await range.open_loop(sizes.steady_rate, sizes.board_seconds))
            shares = usage.shares()
            found, reading = await those.leave()
            seen.append(found)
            cores.append(shares | {"crowd": reading})
        await asyncio.sleep(sizes.calm_seconds)
    range.fleet.close()
    events = [each.events for each in seen[-1]]
    figures: dict[str, object] = {
        "boards": sizes.connections,
        "ballots_per_s": sizes.steady_rate,
        "p50_ms": [volley.accepted.milliseconds(0.5) for volley in beside],
        "p50_ms_without": [volley.accepted.milliseconds(0.5) for volley in without],
        "p99_ms": [volley.accepted.milliseconds(0.99) for volley in beside],
        "p99_ms_without": [volley.accepted.milliseconds(0.99) for volley in without],
        "events_least": min(events),
        "events_median": median(events),
        "answers": dict(Counter(each.status for each in seen[-1])),
        "cores": cores,
    }
    return judge(figures, [each for found in seen for each in found], without, beside)


def judge(
    figures: Mapping[str, object], seen: Sequence[Seen], without: Sequence[Volley], beside: Sequence[Volley]
) -> Outcome:
    """Boards cost voters little, and every board is told."""
    pairs = zip(without, beside, strict=True)
    more = median(100 * (b.accepted.milliseconds(0.99) / (a.accepted.milliseconds(0.99) or 1) - 1) for a, b in pairs)
    failed = sum(sum(volley.statuses.values()) - volley.statuses[201] for volley in (*without, *beside))
    checks = {
        f"{(n := sum(each.status != 200 for each in seen))} boards were not opened": n,
        f"{(n := sum(each.closed_after is not None for each in seen))} boards were cut": n,
        f"{(n := sum(each.events <= FIRST_EVENTS for each in seen))} boards were told nothing new": n,
        f"{failed} ballots were not accepted": failed,
    }
    goal = Goal("ballots' p99 with boards, above that without", round(more, 1), GOAL_PERCENT, "%")
    return Outcome("boards", figures, [goal], [text for text, wrong in checks.items() if wrong])
