"""The speed of single routes on this machine, against the service's own echo."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle, repeat
from random import Random

import click
import uvloop

from loadtests.http import Measurement, ballot, measure, milliseconds, request
from loadtests.popularity import Popularity
from loadtests.report import table
from loadtests.service import ID, Prepared, Service, prepared

CONTEST = f"/api/v1/contests/{ID}"
ENTRIES = 60
VOTERS = 20_000
BALLOTS_EACH = 5
SETTLE_SECONDS = 5.0
CORES = os.cpu_count() or 1
ECHO, CAST, REPLAYED = "GET /health/live (echo)", "POST ballots (durable)", "POST ballots (replayed)"


@click.command(epilog="Example: python -m loadtests.bench.routes --seconds 3 --connections 128")
@click.option("--seconds", default=6.0, show_default=True, help="The length of each of the five measurements.")
@click.option("--connections", default=64, show_default=True, help="Connections, each with one request at a time.")
@click.option("--workers", default=CORES, show_default=True, help="Worker processes of the service.")
def main(seconds: float, connections: int, workers: int) -> None:
    """Measure the service on embedded engines, and check that every accepted ballot is in the tally.

    The client takes a share of the same cores: compare the last column, not machines.
    """
    with prepared(ENTRIES, VOTERS) as ready, Service(ready.environment, workers) as service:
        found, faults = uvloop.run(_run(ready, service.port, connections, seconds))
    click.echo(f"{CORES} cores, {workers} workers, {connections} connections, Python {platform.python_version()}\n")
    click.echo(routes_table(found))
    for fault in faults:
        click.echo(f"wrong: {fault}", err=True)
    sys.exit(1 if faults else 0)


async def _run(
    ready: Prepared, port: int, connections: int, seconds: float
) -> tuple[dict[str, Measurement], list[str]]:
    found: dict[str, Measurement] = {}
    for name, requests in (
        (ECHO, repeat(request("GET", "/health/live"))),
        ("GET tallies", repeat(request("GET", f"{CONTEST}/tallies"))),
        ("GET entries", repeat(request("GET", f"{CONTEST}/entries"))),
        (CAST, ballots(ready.tokens, ready.entries)),
    ):
        found[name] = await measure(port, requests, connections, seconds)
    cast = found[CAST]
    replays = found[REPLAYED] = await measure(port, cycle(list(cast.answers)), connections, seconds)
    counted = await _counted(port, len(cast.answers))
    return found, [*check(found), *check_ballots(cast, replays, counted)]


def ballots(tokens: Sequence[str], entries: Sequence[str], seed: int = 1) -> Iterator[bytes]:
    """Ballots that the rules allow: each voter casts as many as the quota, for different entries."""
    popularity = Popularity(entries, Random(seed))
    choices = [popularity.choose(BALLOTS_EACH) for _ in tokens]
    for number in range(BALLOTS_EACH):
        for token, chosen in zip(tokens, choices, strict=True):
            yield ballot(ID, token, f"bench-{number}", [chosen[number]])


def routes_table(found: Mapping[str, Measurement]) -> str:
    """The measurements in Markdown."""
    rows = [
        (
            name,
            f"{each.rate:,.0f}",
            f"{milliseconds(each.times, 0.5):.1f}",
            f"{milliseconds(each.times, 0.99):.1f}",
            f"{each.rate / found[ECHO].rate:.2f}",
        )
        for name, each in found.items()
    ]
    return table(("request", "requests/s", "p50 ms", "p99 ms", "of the echo"), rows)


def check(found: Mapping[str, Measurement]) -> Iterator[str]:
    """Answers other than 200 or 201."""
    for name, each in found.items():
        if not each.times:
            yield f"{name}: no answers"
        for status, count in each.statuses.items():
            if status not in (200, 201):
                yield f"{name}: {count} answers {status}"


def check_ballots(cast: Measurement, replays: Measurement, counted: int) -> Iterator[str]:
    """Ballots that are lost or counted twice, and replays with another answer."""
    if counted != len(cast.answers):
        yield f"{len(cast.answers)} ballots were answered 201, and the tally has {counted}"
    if other := sum(cast.answers[each] != body for each, body in replays.answers.items()):
        yield f"{other} replays were answered otherwise than their ballots"


async def _counted(port: int, expected: int) -> int:
    """The sum of the tally, when it is as expected or after some seconds."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        found = await measure(port, [request("GET", f"{CONTEST}/tallies")], 1, SETTLE_SECONDS)
        (body,) = found.answers.values()
        counted = sum(row["picks"] for row in json.loads(body)["tallies"])
        if counted == expected or time.monotonic() > until:
            return int(counted)
        await asyncio.sleep(0.25)


if __name__ == "__main__":
    main()
