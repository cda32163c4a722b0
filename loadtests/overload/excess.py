"""Overload: several times the peak, from clients that do not wait."""

from __future__ import annotations

from collections.abc import Mapping

from loadtests.http import milliseconds
from loadtests.overload.environment import Environment, Usage
from loadtests.overload.load import LoadGenerator, Volley
from loadtests.overload.outcome import Goal, Outcome
from loadtests.overload.sizes import Sizes

# Multiple of the peak that is offered: the share of the peak that must still be accepted.
GOODPUT = {2: 95, 5: 90, 10: 80}
REFUSAL_MS = 50.0
ACCEPTED_MS = 250.0


async def run(place: Environment, sizes: Sizes) -> Outcome:
    """Measures the peak closed-loop, then offers multiples of it."""
    generator = LoadGenerator(place.service.port, place.ballots)
    await generator.pool.open(sizes.connections)
    # The first seconds warm up database connections, plans and caches.
    await generator.closed_loop(sizes.peak_at_once[0], sizes.peak_seconds)
    peaks: dict[int, tuple[Volley, dict[str, float]]] = {}
    for at_once in sizes.peak_at_once:
        usage = Usage(place.service)
        peaks[at_once] = await generator.closed_loop(at_once, sizes.peak_seconds), usage.shares()
    peak = max(volley.goodput for volley, _ in peaks.values())
    volleys: dict[int, tuple[Volley, dict[str, float]]] = {}
    for times in sizes.overloads:
        usage = Usage(place.service)
        volleys[times] = await generator.open_loop(peak * times, sizes.overload_seconds), usage.shares()
    lost = generator.pool.lost
    generator.pool.close()
    figures: dict[str, object] = {
        "peak_per_s": round(peak),
        "connections": sizes.connections,
        "connections_lost": lost,
        "peaks": {at_once: _figures(*found) for at_once, found in peaks.items()},
        "overloads": {times: _figures(*found) for times, found in volleys.items()},
    }
    return judge(figures, peak, {times: volley for times, (volley, _) in volleys.items()})


def judge(figures: Mapping[str, object], peak: float, volleys: Mapping[int, Volley]) -> Outcome:
    """Goodput holds, refusals are quick, and there are no other answers."""
    goals: list[Goal] = []
    faults = [] if peak else ["nothing was accepted"]
    for times, volley in volleys.items():
        share = round(100 * volley.goodput / peak, 1) if peak else 0.0
        refused, accepted = milliseconds(volley.refused, 0.99), milliseconds(volley.accepted, 0.99)
        goals.append(Goal(f"goodput at {times}x, of the peak", share, GOODPUT.get(times, 80), "%", at_least=True))
        goals.append(Goal(f"refusals' p99 at {times}x", refused, REFUSAL_MS, "ms"))
        goals.append(Goal(f"accepted ballots' p99 at {times}x", accepted, ACCEPTED_MS, "ms"))
        if volley.failed:
            faults.append(f"at {times}x {volley.failed} requests were neither accepted nor refused: {volley.statuses}")
    return Outcome("overload", figures, goals, faults)


def _figures(volley: Volley, cores: dict[str, float]) -> dict[str, object]:
    sent = sum(volley.statuses.values())
    return {
        "goodput_per_s": round(volley.goodput),
        # By the workers' cores, rounds can be compared in which others took different shares of the machine.
        "goodput_per_core": round(volley.goodput / cores["workers"]) if cores["workers"] else 0,
        "sent_per_s": round(sent / volley.seconds),
        "wanted_per_s": round((sent + volley.unsent) / volley.seconds),
        "answers": dict(volley.statuses),
        "accepted_p50_ms": milliseconds(volley.accepted, 0.5),
        "accepted_p99_ms": milliseconds(volley.accepted, 0.99),
        "refused_p50_ms": milliseconds(volley.refused, 0.5),
        "refused_p99_ms": milliseconds(volley.refused, 0.99),
        # The generator's own lateness, which is not part of the times above.
        "late_p99_ms": milliseconds(volley.late, 0.99),
        "cores": cores,
    }
