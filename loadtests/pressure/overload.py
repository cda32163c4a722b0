"""Overload: several times of what the service can take, from clients that do not care."""

from __future__ import annotations

from collections.abc import Mapping

from loadtests.pressure.outcome import Goal, Outcome
from loadtests.pressure.pacing import Range, Volley
from loadtests.pressure.site import Site, Usage
from loadtests.pressure.sizes import Sizes

# By how many times the peak is offered: the share of it that must still be accepted.
GOODPUT = {2: 95, 5: 90, 10: 80}
REFUSAL_MS = 50.0
ACCEPTED_MS = 250.0


async def run(place: Site, sizes: Sizes) -> Outcome:
    """Plays it."""
    range = Range(place.port, place.supply)
    await range.fleet.open(sizes.connections)
    # The first seconds warm up: connections to the database, plans, caches.
    await range.closed_loop(sizes.peak_at_once[0], sizes.peak_seconds)
    peaks: dict[int, tuple[Volley, dict[str, float]]] = {}
    for at_once in sizes.peak_at_once:
        usage = Usage(place)
        peaks[at_once] = await range.closed_loop(at_once, sizes.peak_seconds), usage.shares()
    peak = max(volley.goodput for volley, _ in peaks.values())
    volleys: dict[int, tuple[Volley, dict[str, float]]] = {}
    for times in sizes.overloads:
        usage = Usage(place)
        volleys[times] = await range.open_loop(peak * times, sizes.overload_seconds), usage.shares()
    lost = range.fleet.lost
    range.fleet.close()
    figures: dict[str, object] = {
        "peak_per_s": round(peak),
        "connections": sizes.connections,
        "connections_lost": lost,
        "peaks": {at_once: _figures(*found) for at_once, found in peaks.items()},
        "overloads": {times: _figures(*found) for times, found in volleys.items()},
    }
    return judge(figures, peak, {times: volley for times, (volley, _) in volleys.items()})


def judge(figures: Mapping[str, object], peak: float, volleys: Mapping[int, Volley]) -> Outcome:
    """Goodput holds, refusals are quick, and nobody is answered otherwise."""
    goals: list[Goal] = []
    faults = [] if peak else ["nothing was accepted"]
    for times, volley in volleys.items():
        share = round(100 * volley.goodput / peak, 1) if peak else 0.0
        goals.append(Goal(f"goodput at {times}x, of the peak", share, GOODPUT.get(times, 80), "%", at_least=True))
        goals.append(Goal(f"refusals' p99 at {times}x", volley.refused.milliseconds(0.99), REFUSAL_MS, "ms"))
        goals.append(Goal(f"accepted ballots' p99 at {times}x", volley.accepted.milliseconds(0.99), ACCEPTED_MS, "ms"))
        if volley.failed:
            faults.append(f"at {times}x {volley.failed} requests were neither accepted nor refused: {volley.statuses}")
    return Outcome("overload", figures, goals, faults)


def _figures(volley: Volley, cores: dict[str, float]) -> dict[str, object]:
    sent = sum(volley.statuses.values())
    return {
        "goodput_per_s": round(volley.goodput),
        # Of the workers' cores: it can be compared where others took more of the machine in one round than in the next.
        "goodput_per_core": round(volley.goodput / cores["workers"]) if cores["workers"] else 0,
        "sent_per_s": round(sent / volley.seconds),
        "wanted_per_s": round((sent + volley.unsent) / volley.seconds),
        "answers": dict(volley.statuses),
        "accepted_p50_ms": volley.accepted.milliseconds(0.5),
        "accepted_p99_ms": volley.accepted.milliseconds(0.99),
        "refused_p50_ms": volley.refused.milliseconds(0.5),
        "refused_p99_ms": volley.refused.milliseconds(0.99),
        # The generator's own lateness: it is in none of the times above.
        "late_p99_ms": volley.late.milliseconds(0.99),
        "cores": cores,
    }
