"""make pressure: the service under overload."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import click
import uvloop

from loadtests.overload import boards, challenges, excess, memory, slow_clients, spike
from loadtests.overload.environment import Environment, started
from loadtests.overload.outcome import Outcome, goals_table
from loadtests.overload.sizes import Sizes
from loadtests.report import RESULTS, save

OUT = RESULTS / "overload.json"
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Scenario:
    """A scenario, and the number of ballots it needs."""

    run: Callable[[Environment, Sizes], Awaitable[Outcome]]
    ballots: Callable[[Sizes], int]


SCENARIOS = {
    # In a spike each voter casts one ballot, elsewhere as many as the quota.
    "spike": Scenario(spike.run, lambda sizes: sizes.spike_ballots * sizes.ballots_per_connection),
    "overload": Scenario(excess.run, lambda sizes: sizes.overload_ballots),
    "slow_clients": Scenario(slow_clients.run, lambda sizes: int(sizes.steady_rate * sizes.slow_clients_seconds * 2)),
    "boards": Scenario(
        boards.run, lambda sizes: int(sizes.steady_rate * sizes.board_seconds * (2 * sizes.board_rounds + 1))
    ),
    "challenges": Scenario(
        challenges.run,
        lambda sizes: int(sizes.steady_rate * sizes.challenge_seconds * (2 * sizes.challenge_rounds + 1)),
    ),
    "memory": Scenario(memory.run, lambda sizes: sizes.connections * sizes.ballots_per_connection * 2),
}


@click.command(epilog="Example: make pressure ARGS='--only spike --only memory'")
@click.option("--only", multiple=True, type=click.Choice(list(SCENARIOS)), help="Only these scenarios.")
@click.option("--workers", default=CORES, show_default=True, help="Worker processes of the service.")
@click.option("--connections", default=2000, show_default=True, help="Connections, slow clients or boards.")
@click.option("--ballots", default=37_000, show_default=True, help="Ballots of the spike.")
@click.option("--out", default=OUT, show_default=True, type=click.Path(path_type=Path), help="The file of figures.")
def main(only: tuple[str, ...], workers: int, connections: int, ballots: int, out: Path) -> None:
    """Overload the service, one scenario after another, each on engines of its own, and check its answers.

    Exit code 1 means a defect; a missed goal is only reported. The generator takes a share of the same cores.
    """
    sizes = replace(Sizes(), connections=connections, spike_ballots=ballots)
    outcomes = [play(name, sizes, workers) for name in only or SCENARIOS]
    machine: dict[str, object] = {"cores": CORES, "workers": workers, "python": platform.python_version()}
    save(out, machine | {each.name: each.as_json() for each in outcomes})
    click.echo(f"{CORES} cores, {workers} workers, {connections} connections, beside the generator\n")
    click.echo(goals_table(outcomes))
    faults = [f"{outcome.name}: {fault}" for outcome in outcomes for fault in outcome.faults]
    for fault in faults:
        click.echo(f"wrong: {fault}", err=True)
    sys.exit(1 if faults else 0)


def play(name: str, sizes: Sizes, workers: int) -> Outcome:
    """Runs one scenario on an environment of its own."""

    async def run(place: Environment) -> Outcome:
        return await SCENARIOS[name].run(place, sizes)

    with started(SCENARIOS[name].ballots(sizes), workers) as place:
        outcome = uvloop.run(run(place))
    click.echo(f"{name}: {json.dumps(outcome.figures)}", err=True)
    return outcome


if __name__ == "__main__":
    main()
