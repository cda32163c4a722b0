"""python -m loadtests.malformed: malformed input in great numbers, in process and over HTTP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping

import click
import uvloop

from loadtests.malformed import inside, outside, wire
from loadtests.malformed.cases import case
from loadtests.malformed.framing import script
from loadtests.malformed.ground import Ground, standing, tally_is_recount
from loadtests.malformed.inside import Found


@click.command(epilog="Example: python -m loadtests.malformed --inside 1000000 --processes 2 --wire 50000")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same requests.")
@click.option("--inside", "count", default=20_000, show_default=True, help="Requests in process, past the server.")
@click.option("--processes", default=1, show_default=True, help="Processes that share these.")
@click.option("--wire", "scripts", default=5_000, show_default=True, help="Requests over raw sockets.")
@click.option("--schema", "examples", default=20, show_default=True, help="schemathesis' examples for each operation.")
@click.option("--only", type=int, help="Shows and sends the request of this number alone, in process and over HTTP.")
def main(seed: int, count: int, processes: int, scripts: int, examples: int, only: int | None) -> None:
    """Sends what nobody should send, and fails on any 5xx but a deliberate 503, on any exception in the log, on a
    request that keeps all others waiting, and where the tally is not the recount afterwards."""
    with standing() as (ground, environment):
        if only is not None:
            _again(ground, environment, seed, only)
            return
        wrong = 0
        if count:
            found = inside.drive(ground, environment, seed, range(count), processes)
            wrong += _told("in process", found, lambda number: str(case(seed, number, ground)))
        if scripts or examples:
            wrong += _over_http(ground, environment, seed, scripts, examples)
        if differs := asyncio.run(tally_is_recount(environment)):
            wrong += 1
            click.echo(f"the tally is not the recount: {differs}")
    click.echo("nothing was wrong" if not wrong else f"{wrong} faults; again: --seed {seed} --only NUMBER")
    sys.exit(1 if wrong else 0)


def _over_http(ground: Ground, environment: Mapping[str, str], seed: int, scripts: int, examples: int) -> int:
    wrong = 0
    with outside.serving(environment) as (port, log):
        if scripts:
            found = outside.send(ground, port, seed, range(scripts))
            wrong += _told("over raw sockets", found, lambda number: "")
        if examples:
            said = outside.explore(port, seed, examples)
            click.echo(f"schemathesis: {said or 'nothing found'}")
            wrong += bool(said)
        lines = outside.logged(log)
    for line in lines[:20]:
        click.echo(f"  the log: {line[:300]}")
    return wrong + len(lines)


def _told(where: str, found: Found, shown: Callable[[int], str]) -> int:
    statuses = ", ".join(f"{status or 'none'}: {times}" for status, times in sorted(found.statuses.items()))
    click.echo(f"{sum(found.statuses.values())} {where} in {found.seconds:.0f} s; answers {statuses}")
    for number, fault in found.faults:
        click.echo(f"--- number {number}\n{shown(number)}\n{fault[-3000:]}")
    return len(found.faults)


def _again(ground: Ground, environment: Mapping[str, str], seed: int, number: int) -> None:
    click.echo(str(case(seed, number, ground)))
    _told("in process", inside.drive(ground, environment, seed, [number]), lambda number: "")
    click.echo(str(script(seed, number, ground)))
    with outside.serving(environment) as (port, log):
        _told("over raw sockets", uvloop.run(wire.fire(ground, port, seed, [number])), lambda number: "")
        click.echo("\n".join(outside.logged(log)))


if __name__ == "__main__":
    main()
