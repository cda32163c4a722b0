"""Half-sent requests: thousands of connections that begin to ask and never end, while others vote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from loadtests.pressure.crowd import HALVES, Seen, crowd, halves
from loadtests.pressure.outcome import Goal, Outcome
from loadtests.pressure.pacing import Range, Volley
from loadtests.pressure.site import Site, Usage
from loadtests.pressure.sizes import Sizes

GOAL_SECONDS = 15.0
# Half as many seconds of the same without them, to compare with.
CALM_SHARE = 0.5


async def run(place: Site, sizes: Sizes) -> Outcome:
    """Plays it."""
    range = Range(place.port, place.supply)
    await range.fleet.open(sizes.steady_connections)
    calm = await range.open_loop(sizes.steady_rate, sizes.halfsent_seconds * CALM_SHARE)
    usage = Usage(place)
    async with crowd(place.port, sizes.connections, halves()) as those:
        beside = await range.open_loop(sizes.steady_rate, sizes.halfsent_seconds)
        seen, _ = await those.leave()
    range.fleet.close()
    figures: dict[str, object] = {
        "half_sent": sizes.connections,
        "ballots_per_s": sizes.steady_rate,
        "answers": dict(beside.statuses),
        "p50_ms": beside.accepted.milliseconds(0.5),
        "p99_ms": beside.accepted.milliseconds(0.99),
        "p99_ms_without": calm.accepted.milliseconds(0.99),
        "closed": {kind: _closed([each for each in seen if each.kind == n]) for n, kind in enumerate(HALVES)},
        "cores": usage.shares(),
    }
    return judge(figures, seen, beside)


def judge(figures: Mapping[str, object], seen: Sequence[Seen], beside: Volley) -> Outcome:
    """All are closed in time, and no ballot fails for them."""
    goals = []
    faults = []
    for number, kind in enumerate(HALVES):
        ends = [each.closed_after for each in seen if each.kind == number]
        longest = max((end for end in ends if end is not None), default=0.0)
        goals.append(Goal(f"until the last with half a {kind} is closed", round(longest, 2), GOAL_SECONDS, "s"))
        if still := ends.count(None):
            faults.append(f"{still} of {len(ends)} connections with half a {kind} are still open")
    if bad := sum(beside.statuses.values()) - beside.statuses[201] + beside.unsent:
        faults.append(f"{bad} ballots were not accepted beside them: {dict(beside.statuses)}, {beside.unsent} unsent")
    return Outcome("halfsent", figures, goals, faults)


def _closed(seen: Sequence[Seen]) -> dict[str, object]:
    ends = sorted(each.closed_after for each in seen if each.closed_after is not None)
    answers = dict(Counter(each.status for each in seen))
    return (
        {"count": len(ends), "first_s": round(ends[0], 2), "last_s": round(ends[-1], 2), "answers": answers}
        if ends
        else {}
    )
