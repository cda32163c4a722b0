"""Challenges: one address requests them over many connections at once, without a pause, while others vote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from loadtests.overload.environment import Environment
from loadtests.overload.load import Rounds, rounds
from loadtests.overload.other_clients import challenge, clients
from loadtests.overload.outcome import Goal, Outcome, faults
from loadtests.overload.sizes import Sizes

GOAL_RATIO = 2.0


async def run(place: Environment, sizes: Sizes) -> Outcome:
    """Compares rounds without and with them."""
    found = await rounds(
        place,
        sizes,
        sizes.challenge_rounds,
        sizes.challenge_seconds,
        lambda: clients(place.service.port, sizes.challenge_connections, [challenge()], again=True),
    )
    seen = [each for clients in found.seen for each in clients]
    figures: dict[str, object] = {
        "connections": sizes.challenge_connections,
        "ballots_per_s": sizes.steady_rate,
        **found.figures(0.5, 0.95),
        "challenges_answered": sum(each.events for each in seen),
        "last_answers": dict(Counter(each.status for each in seen)),
    }
    return judge(figures, found)


def judge(figures: Mapping[str, object], found: Rounds) -> Outcome:
    """The median ballot may take twice as long, and none may fail."""
    ratio = found.ratio_of_medians(0.5)
    goal = Goal("ballots' p50 beside 64 connections, against without", ratio, GOAL_RATIO, "times")
    return Outcome("challenges", figures, [goal], faults({"ballots were not accepted": found.not_accepted}))
