"""How fast the service is on this machine, route by route, against its own echo."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import repeat
from random import Random

import click
import uvloop

from loadtests.client import Measurement, measure, request
from loadtests.crowd import Popularity
from loadtests.service import ID, Target, running

CONTEST = f"/api/v1/contests/{ID}"
ENTRIES = 60
VOTERS = 20_000
BALLOTS_EACH = 5
SETTLE_SECONDS = 5.0
CORES = os.cpu_count() or 1


@click.command(epilog="Example: python -m loadtests.routes --seconds 3 --connections 128")
@click.option("--seconds", default=6.0, show_default=True, help="How long each of the five measurements takes.")
@click.option("--connections", default=64, show_default=True, help="Connections, each with one request at a time.")
@click.option("--workers", default=CORES, show_default=True, help="Worker processes of the service.")
def routes(seconds: float, connections: int, workers: int) -> None:
    """Measures the service on embedded engines of its own, and checks that every accepted ballot is in the tally.

    The client takes its share of the same cores: compare the last column, not machines.
    """
    with running(workers, ENTRIES, VOTERS) as target:
        found, faults = uvloop.run(_run(target, connections, seconds))
    click.echo(f"{CORES} cores, {workers} workers, {connections} connections, Python {platform.python_version()}\n")
    click.echo(table(found))
    for fault in faults:
        click.echo(f"wrong: {fault}", err=True)
    sys.exit(1 if faults else 0)


async def _run(target: Target, connections: int, seconds: float) -> tuple[list[Measurement], list[str]]:
    async def run(name: str, requests: Iterator[bytes]) -> Measurement:
        return await measure(name, target.port, requests, connections, seconds)

    echo = await run("GET /health/live (echo)", repeat(request("GET", "/health/live")))
    tallies = await run("GET tallies", repeat(request("GET", f"{CONTEST}/tallies")))
    entries = await run("GET entries", repeat(request("GET", f"{CONTEST}/entries")))
    cast = await run("POST ballots (durable)", ballots(target.tokens, target.entries))
    replays = await run("POST ballots (replayed)", iter(list(cast.answers) * 100))
    counted = await _counted(target.port, len(cast.answers))
    found = [echo, tallies, entries, cast, replays]
    return found, [*check(found), *check_ballots(cast, replays, counted)]


def ballots(tokens: Sequence[str], entries: Sequence[str], seed: int = 1) -> Iterator[bytes]:
    """Ballots that the rules allow: each voter has as many as the quota, for different entries."""
    popularity = Popularity(entries, Random(seed))
    choices = [popularity.choose(BALLOTS_EACH) for _ in tokens]
    for number in range(BALLOTS_EACH):
        for token, chosen in zip(tokens, choices, strict=True):
            headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"bench-{number}"}
            body = json.dumps({"entries": [chosen[number]]}).encode()
            yield request("POST", f"{CONTEST}/ballots", headers, body)


def table(found: Sequence[Measurement]) -> str:
    """The measurements in Markdown; the first is the echo."""
    rows = [
        f"| {each.name} | {each.rate:,.0f} | {each.quantile(0.5) * 1000:.1f} | {each.quantile(0.99) * 1000:.1f} "
        f"| {each.rate / found[0].rate:.2f} |"
        for each in found
    ]
    head = ["| request | requests/s | p50 ms | p99 ms | of the echo |", "|---|---:|---:|---:|---:|"]
    return "\n".join([*head, *rows])


def check(found: Sequence[Measurement]) -> Iterator[str]:
    """What was answered otherwise than 200 or 201."""
    for each in found:
        if not each.times:
            yield f"{each.name}: no answers"
        for status, count in each.statuses.items():
            if status not in (200, 201):
                yield f"{each.name}: {count} answers {status}"


def check_ballots(cast: Measurement, replays: Measurement, counted: int) -> Iterator[str]:
    """Ballots lost or counted twice, and replays with another answer."""
    if counted != len(cast.answers):
        yield f"{len(cast.answers)} ballots were answered 201, and the tally has {counted}"
    if other := sum(cast.answers[each] != body for each, body in replays.answers.items()):
        yield f"{other} replays were answered otherwise than their ballots"


async def _counted(port: int, expected: int) -> int:
    """The sum of the tally, once it is as expected or has had its time."""
    until = time.monotonic() + SETTLE_SECONDS
    while True:
        found = await measure("", port, [request("GET", f"{CONTEST}/tallies")], 1, SETTLE_SECONDS)
        (body,) = found.answers.values()
        counted = sum(row["picks"] for row in json.loads(body)["tallies"])
        if counted == expected or time.monotonic() > until:
            return int(counted)
        await asyncio.sleep(0.25)


if __name__ == "__main__":
    routes()
