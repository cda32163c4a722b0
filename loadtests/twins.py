"""python -m loadtests.twins: each ballot is sent many times at once, and is one ballot with one answer."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Mapping

import asyncpg
import click
import uvloop

from loadtests.client import Measurement, measure, request
from loadtests.service import ID, prepared, serving

SECONDS = 600.0
ENTRIES = 60


@click.command(epilog="Example: python -m loadtests.twins --keys 1000 --times 64 --workers 4")
@click.option("--keys", default=1000, show_default=True, type=click.IntRange(1), help="How many ballots.")
@click.option("--times", default=64, show_default=True, type=click.IntRange(2, 256), help="How often each, at once.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
def main(keys: int, times: int, workers: int) -> None:
    """Sends every ballot over many connections at once, and then once more. Exit code 1 where one is counted twice or
    not at all, an answer differs from another under its key, or one is neither 201 nor a deliberate 503."""
    with prepared(ENTRIES, keys) as ready, serving(ready.environment, workers) as port:
        requests = [
            request(
                "POST",
                f"/api/v1/contests/{ID}/ballots",
                {"Authorization": f"Bearer {token}", "Idempotency-Key": "k"},
                json.dumps({"entries": [ready.entries[number % ENTRIES]]}).encode(),
            )
            for number, token in enumerate(ready.tokens)
        ]
        found, again = uvloop.run(_send(port, requests, times))
        stored, counted = asyncio.run(_count(ready.environment))
    faults = _faults(found, again, keys, stored, counted)
    statuses = sum((each.statuses for each in found), Counter[int]())
    took = max(each.seconds for each in found)
    click.echo(f"{keys} keys, {times} times at once, {workers} workers: {dict(statuses)} in {took:.0f} s")
    click.echo("\n".join(faults) or f"{stored} ballots, {counted} counted picks, equal answers")
    sys.exit(1 if faults else 0)


async def _send(port: int, requests: list[bytes], times: int) -> tuple[list[Measurement], Measurement]:
    found = await asyncio.gather(*(measure("", port, requests, 1, SECONDS) for _ in range(times)))
    return found, await measure("", port, requests, 1, SECONDS)


async def _count(environment: Mapping[str, str]) -> tuple[int, int]:
    connection = await asyncpg.connect(environment["DATABASE_URL"])
    stored = await connection.fetchval("select count(*) from ballots where contest = $1", ID)
    counted = await connection.fetchval("select sum(counted) from tallies where contest = $1", ID)
    await connection.close()
    return int(stored), int(counted)


def _faults(found: list[Measurement], again: Measurement, keys: int, stored: int, counted: int) -> list[str]:
    faults = []
    if odd := {status for each in found for status in each.statuses} - {201, 503}:
        faults.append(f"answered {sorted(odd)}")
    if again.statuses != {201: keys}:
        faults.append(f"asked once more: {dict(again.statuses)}")
    if any(not each.answers.items() <= again.answers.items() for each in found):
        faults.append("a key got two answers")
    if len(set(again.answers.values())) != keys:
        faults.append("two keys got one answer")
    if (stored, counted) != (keys, keys):
        faults.append(f"{stored} ballots and {counted} counted picks")
    return faults


if __name__ == "__main__":
    main()
