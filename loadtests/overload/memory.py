"""Memory: the size of a worker while thousands of voters keep their connections open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from loadtests.overload.environment import Environment
from loadtests.overload.load import LoadGenerator, Volley
from loadtests.overload.outcome import Goal, Outcome
from loadtests.overload.sizes import Sizes
from loadtests.service import Service

GOAL_MB = 200.0
MEGABYTE = 1024 * 1024


async def run(place: Environment, sizes: Sizes) -> Outcome:
    """Every connection casts ballots, the one that was idle for longest next."""
    generator = LoadGenerator(place.service.port, place.ballots)
    before = _workers(place.service)
    await generator.pool.open(sizes.connections)
    most = sizes.connections * sizes.ballots_per_connection
    volley = await generator.closed_loop(sizes.peak_at_once[0], 3600, most=most)
    after = _workers(place.service)
    lost = generator.pool.lost
    generator.pool.close()
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
    """Every worker is small while all connections are open."""
    most = max(worker["rss_mb"] for worker in workers)
    there = round(sum(worker["connections"] for worker in workers))
    checks = {
        f"{lost} connections were lost": lost,
        f"{there} of {connections} connections were open": there < connections,
        f"{volley.failed} ballots failed: {volley.statuses}": volley.failed,
    }
    faults = [text for text, wrong in checks.items() if wrong]
    return Outcome("memory", figures, [Goal("resident memory of the largest worker", most, GOAL_MB, "MB")], faults)


def _workers(service: Service) -> list[dict[str, float]]:
    found = []
    for worker in service.worker_processes():
        memory = worker.memory_full_info()
        sizes = {"rss_mb": memory.rss, "uss_mb": memory.uss}
        megabytes = {name: round(size / MEGABYTE, 1) for name, size in sizes.items()}
        found.append({**megabytes, "connections": service.clients_of(worker)})
    return found
