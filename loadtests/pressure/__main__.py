"""make pressure: what the service does when it is pressed."""

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

from loadtests.pressure import boards, challenges, halfsent, memory, overload, rush
from loadtests.pressure.outcome import Outcome, table
from loadtests.pressure.site import Site, site
from loadtests.pressure.sizes import Sizes

RESULTS = Path(__file__).parents[1] / "results" / "pressure.json"
CORES = os.cpu_count() or 1


@dataclass(frozen=True)
class Scenario:
    """How it is played, and how many ballots it needs."""

    run: Callable[[Site, Sizes], Awaitable[Outcome]]
    ballots: Callable[[Sizes], int]


SCENARIOS = {
    # Each voter of the rush has one ballot, and the others have as many as the quota.
    "rush": Scenario(rush.run, lambda sizes: sizes.rush_ballots * sizes.ballots_per_connection),
    "overload": Scenario(overload.run, lambda sizes: sizes.overload_ballots),
    "halfsent": Scenario(halfsent.run, lambda sizes: int(sizes.steady_rate * sizes.halfsent_seconds * 2)),
    "boards": Scenario(
        boards.run, lambda sizes: int(sizes.steady_rate * sizes.board_seconds * (2 * sizes.board_rounds + 1))
    ),
    "challenges": Scenario(
        challenges.run,
        lambda sizes: int(sizes.steady_rate * sizes.challenge_seconds * (2 * sizes.challenge_rounds + 1)),
    ),
    "memory": Scenario(memory.run, lambda sizes: sizes.connections * sizes.ballots_per_connection * 2),
}


@click.command(epilog="Example: make pressure ARGS='--only rush --only memory'")
@click.option("--only", multiple=True, type=click.Choice(list(SCENARIOS)), help="Only these scenarios.")
@click.option("--workers", default=CORES, show_default=True, help="Worker processes of the service.")
@click.option("--connections", default=2000, show_default=True, help="Connections, half-sent requests or boards.")
@click.option("--ballots", default=37_000, show_default=True, help="Ballots of the rush.")
@click.option("--out", default=RESULTS, show_default=True, type=click.Path(path_type=Path), help="Where the JSON goes.")
def pressure(only: tuple[str, ...], workers: int, connections: int, ballots: int, out: Path) -> None:
    """Presses the service, one scenario after another, each on engines of its own, and checks what it says.

    Exit code 1 where something is wrong; a goal that is missed is told in the table. The client takes its share of the
    same cores.
    """
    sizes = replace(Sizes(), connections=connections, rush_ballots=ballots)
    outcomes = [play(name, sizes, workers) for name in only or SCENARIOS]
    machine: dict[str, object] = {"cores": CORES, "workers": workers, "python": platform.python_version()}
    out.parent.mkdir(exist_ok=True)
    out.write_text(json.dumps(machine | {each.name: each.as_json() for each in outcomes}, indent=1) + "\n")
    click.echo(f"{CORES} cores, {workers} workers, {connections} connections, the generator beside them\n")
    click.echo(table(outcomes))
    faults = [f"{outcome.name}: {fault}" for outcome in outcomes for fault in outcome.faults]
    for fault in faults:
        click.echo(f"wrong: {fault}", err=True)
    sys.exit(1 if faults else 0)


def play(name: str, sizes: Sizes, workers: int) -> Outcome:
    """One scenario, from beginning to end."""

    async def run(place: Site) -> Outcome:
        return await SCENARIOS[name].run(place, sizes)

    with site(SCENARIOS[name].ballots(sizes), workers) as place:
        outcome = uvloop.run(run(place))
    click.echo(f"{name}: {json.dumps(outcome.figures)}", err=True)
    return outcome


if __name__ == "__main__":
    pressure()
