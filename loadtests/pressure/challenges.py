"""Challenges: one address asks for them over many connections at once, without a pause, while others vote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import median

from loadtests.pressure.crowd import Seen, challenge, crowd
from loadtests.pressure.outcome import Goal, Outcome
from loadtests.pressure.pacing import Range, Volley
from loadtests.pressure.site import Site, Usage
from loadtests.pressure.sizes import Sizes

GOAL_RATIO = 2.0


async def run(place: Site, sizes: Sizes) -> Outcome:
    """Plays it: rounds without and with them in turn, so that the machine's moods meet both."""
    range = Range(place.port, place.supply)
    await range.fleet.open(sizes.steady_connections)
    # The first ballots warm up.
    await range.open_loop(sizes.steady_rate, sizes.calm_seconds)
    without: list[Volley] = []
    beside: list[Volley] = []
    seen: list[Seen] = []
    cores = []
    for _ in [None] * sizes.challenge_rounds:
        without.append(await range.open_loop(sizes.steady_rate, sizes.challenge_seconds))
        usage = Usage(place)
        async with crowd(place.port, sizes.challenge_connections, [challenge()], again=True) as those:
            beside.append(await range.open_loop(sizes.steady_rate, sizes.challenge_seconds))
            found, taken = await those.leave()
        seen += found
        cores.append(usage.shares() | {"crowd": taken})
    range.fleet.close()
    figures: dict[str, object] = {
        "connections": sizes.challenge_connections,
        "ballots_per_s": sizes.steady_rate,
        "p50_ms": [volley.accepted.milliseconds(0.5) for volley in beside],
        "p50_ms_without": [volley.accepted.milliseconds(0.5) for volley in without],
        "p95_ms": [volley.accepted.milliseconds(0.95) for volley in beside],
        "p95_ms_without": [volley.accepted.milliseconds(0.95) for volley in without],
        "challenges_answered": sum(each.events for each in seen),
        "last_answers": dict(Counter(each.status for each in seen)),
        "cores": cores,
    }
    return judge(figures, without, beside)


def judge(figures: Mapping[str, object], without: Sequence[Volley], beside: Sequence[Volley]) -> Outcome:
    """Ballots may take twice as long in the middle, and none may fail."""
    calm, pressed = (median(volley.accepted.milliseconds(0.5) for volley in rounds) for rounds in (without, beside))
    ratio = round(pressed / calm, 2) if calm else 0.0
    goals = [Goal("ballots' p50 beside 64 connections, against without", ratio, GOAL_RATIO, "times")]
    bad = sum(sum(volley.statuses.values()) - volley.statuses[201] for volley in (*without, *beside))
    faults = [f"{bad} ballots were not accepted"] if bad else []
    return Outcome("challenges", figures, goals, faults)
