"""Live boards: thousands of viewers while voters vote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from statistics import median

from loadtests.overload.environment import Environment
from loadtests.overload.load import Rounds, rounds
from loadtests.overload.other_clients import board, clients
from loadtests.overload.outcome import Goal, Outcome, faults
from loadtests.overload.sizes import Sizes
from loadtests.service import ID
from voting.settings import load
from voting.wiring import admin

GOAL_PERCENT = 20.0
BOARDS_OF_A_KEY = 200
# A board gets these states when it is opened; more events show that it goes on.
FIRST_EVENTS = 4


async def run(place: Environment, sizes: Sizes) -> Outcome:
    """Compares rounds without and with boards; the cost of opening them is not measured."""
    async with admin.services(load(place.service.environment), "loadtests") as office:
        keys = [
            await office.staff_keys.create("loadtests", "organiser", ID)
            for _ in range(-(-sizes.connections // BOARDS_OF_A_KEY))
        ]
    found = await rounds(
        place,
        sizes,
        sizes.board_rounds,
        sizes.board_seconds,
        lambda: clients(place.service.port, sizes.connections, [board(key) for key in keys]),
        sizes.calm_seconds,
    )
    last = found.seen[-1]
    figures: dict[str, object] = {
        "boards": sizes.connections,
        "ballots_per_s": sizes.steady_rate,
        **found.figures(0.5, 0.99),
        "events_least": min(each.events for each in last),
        "events_median": median(each.events for each in last),
        "answers": dict(Counter(each.status for each in last)),
    }
    return judge(figures, found)


def judge(figures: Mapping[str, object], found: Rounds) -> Outcome:
    """Boards slow ballots down only a little, and every board gets news."""
    seen = [each for boards in found.seen for each in boards]
    goal = Goal(
        "ballots' p99 with boards, above that without",
        round(100 * (median(found.ratios(0.99)) - 1), 1),
        GOAL_PERCENT,
        "%",
    )
    checks = {
        "boards were not opened": sum(each.status != 200 for each in seen),
        "boards were cut": sum(each.closed_after is not None for each in seen),
        "boards got no news": sum(each.events <= FIRST_EVENTS for each in seen),
        "ballots were not accepted": found.not_accepted,
    }
    return Outcome("boards", figures, [goal], faults(checks))
