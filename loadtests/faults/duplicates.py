"""python -m loadtests.faults.duplicates: a ballot that is sent many times at once is one ballot with one answer."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter

import click
import uvloop

from loadtests.contests import Stored, stored
from loadtests.http import Measurement, ballot, measure
from loadtests.service import ID, Service, prepared

SECONDS = 600.0
ENTRIES = 60


@click.command(epilog="Example: python -m loadtests.faults.duplicates --keys 1000 --times 64 --workers 4")
@click.option("--keys", default=1000, show_default=True, type=click.IntRange(1), help="The number of ballots.")
@click.option("--times", default=64, show_default=True, type=click.IntRange(2, 256), help="Copies of each, at once.")
@click.option("--workers", default=4, show_default=True, type=click.IntRange(1, 64), help="Worker processes.")
def main(keys: int, times: int, workers: int) -> None:
    """Send every ballot over many connections at once, and then once more.

    Exit code 1: a ballot is counted twice or not at all, answers under a key differ, or one is neither 201 nor a
    deliberate 503.
    """
    with prepared(ENTRIES, keys) as ready, Service(ready.environment, workers) as service:
        requests = [
            ballot(ID, token, "k", [ready.entries[number % ENTRIES]]) for number, token in enumerate(ready.tokens)
        ]
        found, again = uvloop.run(_send(service.port, requests, times))
        kept = asyncio.run(stored(ready.environment["DATABASE_URL"], ID))
    faults = _faults(found, again, keys, kept)
    statuses = sum((each.statuses for each in found), Counter[int]())
    took = max(each.seconds for each in found)
    click.echo(f"{keys} keys, {times} times at once, {workers} workers: {dict(statuses)} in {took:.0f} s")
    click.echo("\n".join(faults) or f"{keys} ballots and {keys} counted picks, equal answers")
    sys.exit(1 if faults else 0)


async def _send(port: int, requests: list[bytes], times: int) -> tuple[list[Measurement], Measurement]:
    found = await asyncio.gather(*(measure(port, requests, 1, SECONDS) for _ in range(times)))
    return found, await measure(port, requests, 1, SECONDS)


def _faults(found: list[Measurement], again: Measurement, keys: int, kept: Stored) -> list[str]:
    faults = []
    if odd := {status for each in found for status in each.statuses} - {201, 503}:
        faults.append(f"answered {sorted(odd)}")
    if again.statuses != {201: keys}:
        faults.append(f"sent once more: {dict(again.statuses)}")
    if any(not each.answers.items() <= again.answers.items() for each in found):
        faults.append("a key got two answers")
    if len(set(again.answers.values())) != keys:
        faults.append("two keys got one answer")
    if (counts := (len(kept.ballots), sum(kept.tally.values()))) != (keys, keys):
        faults.append(f"{counts[0]} ballots and {counts[1]} counted picks")
    return faults


if __name__ == "__main__":
    main()
