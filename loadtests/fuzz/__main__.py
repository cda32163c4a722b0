"""make malformed: malformed requests in great numbers, in process and over HTTP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping

import click
import uvloop

from loadtests.fuzz import both_routes, in_process, over_http, sockets
from loadtests.fuzz.cases import case
from loadtests.fuzz.environment import ValidData, started, wrongly_recorded
from loadtests.fuzz.framing import script
from loadtests.fuzz.in_process import Found, drive


@click.command(epilog="Example: python -m loadtests.fuzz --inside 1000000 --processes 2 --wire 50000")
@click.option("--seed", default=1, show_default=True, help="The same seed makes the same requests.")
@click.option("--inside", "count", default=20_000, show_default=True, help="Requests in process, without a server.")
@click.option("--routes", "pairs", default=5_000, show_default=True, help="Ballots over lane and parser, compared.")
@click.option("--processes", default=1, show_default=True, help="Processes for these two.")
@click.option("--wire", "scripts", default=5_000, show_default=True, help="Requests over raw sockets.")
@click.option("--schema", "examples", default=20, show_default=True, help="schemathesis examples of each operation.")
@click.option("--only", type=int, help="Show the request of this number, and send it in process and over HTTP.")
def main(seed: int, count: int, pairs: int, processes: int, scripts: int, examples: int, only: int | None) -> None:
    """Send malformed requests.

    Exit code 1: a 5xx other than a deliberate 503, an exception in the log, a request that blocks all others, a ballot
    that the server's two routes answer differently, a request in the body of another that was served, or a tally that
    differs from the recount.
    """
    with started() as (valid, environment):
        if only is not None:
            _repeat(valid, environment, seed, only)
            return
        wrong = 0
        if count:
            found = drive(in_process.play, valid, environment, seed, range(count), processes)
            wrong += _report("in process", found, lambda number: str(case(seed, number, valid)))
        if pairs:
            found = drive(both_routes.play, valid, environment, seed, range(pairs), processes)
            wrong += _report("over both routes", found, lambda number: str(both_routes.ballots(seed, number, valid)))
        if scripts or examples:
            wrong += _over_http(valid, environment, seed, scripts, examples)
        if recorded := asyncio.run(wrongly_recorded(environment)):
            wrong += 1
            click.echo(recorded)
    click.echo("no faults" if not wrong else f"{wrong} faults; to repeat one: --seed {seed} --only NUMBER")
    sys.exit(1 if wrong else 0)


def _over_http(valid: ValidData, environment: Mapping[str, str], seed: int, scripts: int, examples: int) -> int:
    wrong = 0
    with over_http.serving(environment) as (port, log):
        if scripts:
            found = over_http.send(valid, port, seed, range(scripts))
            wrong += _report("over raw sockets", found, lambda number: "")
        if examples:
            said = over_http.explore(port, seed, examples)
            click.echo(f"schemathesis: {said or 'nothing found'}")
            wrong += bool(said)
        lines = over_http.logged(log)
    for line in lines[:20]:
        click.echo(f"  the log: {line[:300]}")
    return wrong + len(lines)


def _report(where: str, found: Found, shown: Callable[[int], str]) -> int:
    statuses = ", ".join(f"{status or 'none'}: {times}" for status, times in sorted(found.statuses.items()))
    click.echo(f"{sum(found.statuses.values())} {where} in {found.seconds:.0f} s; answers {statuses}")
    for number, fault in found.faults:
        click.echo(f"--- number {number}\n{shown(number)}\n{fault[-3000:]}")
    return len(found.faults)


def _repeat(valid: ValidData, environment: Mapping[str, str], seed: int, number: int) -> None:
    click.echo(str(case(seed, number, valid)))
    _report("in process", drive(in_process.play, valid, environment, seed, [number]), lambda number: "")
    click.echo(str(both_routes.ballots(seed, number, valid)))
    _report("over both routes", drive(both_routes.play, valid, environment, seed, [number]), lambda number: "")
    click.echo(str(script(seed, number, valid)))
    with over_http.serving(environment) as (port, log):
        _report("over raw sockets", uvloop.run(sockets.send_all(valid, port, seed, [number])), lambda number: "")
        click.echo("\n".join(over_http.logged(log)))


if __name__ == "__main__":
    main()
