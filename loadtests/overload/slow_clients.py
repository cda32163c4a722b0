"""Slow clients: thousands of connections that send half a request and no more, while others vote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loadtests.http import milliseconds
from loadtests.overload.environment import Environment, Usage
from loadtests.overload.load import LoadGenerator, Volley
from loadtests.overload.other_clients import HALVES, Seen, clients
from loadtests.overload.outcome import Goal, Outcome
from loadtests.overload.sizes import Sizes

GOAL_SECONDS = 15.0
# The share of the time that is first measured without them.
CALM_SHARE = 0.5


async def run(place: Environment, sizes: Sizes) -> Outcome:
    """Measures ballots without and with them."""
    generator = LoadGenerator(place.service.port, place.ballots)
    await generator.pool.open(sizes.steady_connections)
    calm = await generator.open_loop(sizes.steady_rate, sizes.slow_clients_seconds * CALM_SHARE)
    usage = Usage(place.service)
    async with clients(place.service.port, sizes.connections, list(HALVES.values())) as slow:
        beside = await generator.open_loop(sizes.steady_rate, sizes.slow_clients_seconds)
        seen, _ = await slow.leave()
    generator.pool.close()
    figures: dict[str, object] = {
        "slow_clients": sizes.connections,
        "ballots_per_s": sizes.steady_rate,
        "answers": dict(beside.statuses),
        "p50_ms": milliseconds(beside.accepted, 0.5),
        "p99_ms": milliseconds(beside.accepted, 0.99),
        "p99_ms_without": milliseconds(calm.accepted, 0.99),
        "closed": {kind: _closed([each for each in seen if each.kind == n]) for n, kind in enumerate(HALVES)},
        "cores": usage.shares(),
    }
    return judge(figures, seen, beside)


def judge(figures: Mapping[str, object], seen: Sequence[Seen], beside: Volley) -> Outcome:
    """All are closed in time, and no ballot fails."""
    goals = []
    faults = []
    for number, kind in enumerate(HALVES):
        ends = [each.closed_after for each in seen if each.kind == number]
        longest = max((end for end in ends if end is not None), default=0.0)
        goals.append(Goal(f"until the last with half a {kind} is closed", round(longest, 2), GOAL_SECONDS, "s"))
        if still := ends.count(None):
            faults.append(f"{still} of {len(ends)} connections with half a {kind} are still open")
    if bad := beside.not_accepted + beside.unsent:
        faults.append(f"{bad} ballots were not accepted beside them: {dict(beside.statuses)}, {beside.unsent} unsent")
    return Outcome("slow_clients", figures, goals, faults)


def _closed(seen: Sequence[Seen]) -> dict[str, object]:
    ends = sorted(each.closed_after for each in seen if each.closed_after is not None)
    if not ends:
        return {}
    answers = dict(Counter(each.status for each in seen))
    return {"count": len(ends), "first_s": round(ends[0], 2), "last_s": round(ends[-1], 2), "answers": answers}
