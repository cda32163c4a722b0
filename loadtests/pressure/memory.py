"""Memory: what a worker holds while thousands of voters keep their connections open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadtests.pressure.outcome import Goal, Outcome
from loadtests.pressure.pacing import Range, Volley
from loadtests.pressure.site import Site
from loadtests.pressure.sizes import Sizes

GOAL_MB = 200.0
MEGABYTE = 1024 * 1024


async def run(place: Site, sizes: Sizes) -> Outcome:
    """Plays it: every connection casts, the one that was idle for longest next."""
    range = Range(place.port, place.supply)
    before = _held(place)
    await range.fleet.open(sizes.connections)
    volley = await range.closed_loop(sizes.peak_at_once[0], 3600, most=sizes.connections * sizes.ballots_per_connection)
    after = _held(place)
    lost = range.fleet.lost
    range.fleet.close()
    figures: dict[str, object] = {
        "connections": sizes.connections,
        "ballots": volley.statuses[201],
        "answers": dict(volley.statuses),
        "connections_lost": lost,
        "workers_before": before,
        "workers": after,
    }
    return judge(figures, volley, sizes.connections, lost, after)


def judge(
    figures: Mapping[str, object], volley: Volley, connections: int, lost: int, workers: Sequence[Mapping[str, float]]
) -> Outcome:
    """Every worker is small, with all connections open."""
    most = max(worker["rss_mb"] for worker in workers)
    there = round(sum(worker["connections"] for worker in workers))
    checks = {
        f"{lost} connections were lost": lost,
        f"{there} of {connections} connections were open": there < connections,
        f"{volley.failed} ballots failed: {volley.statuses}": volley.failed,
    }
    faults = [text for text, wrong in checks.items() if wrong]
    return Outcome("memory", figures, [Goal("resident memory of the largest worker", most, GOAL_MB, "MB")], faults)


def _held(place: Site) -> list[dict[str, float]]:
    found = []
    for worker in place.workers():
        memory = worker.memory_full_info()
        sizes = {"rss_mb": memory.rss, "uss_mb": memory.uss}
        found.append(
            {name: round(size / MEGABYTE, 1) for name, size in sizes.items()}
            | {"connections": place.connections(worker)}
        )
    return found
