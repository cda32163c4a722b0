"""python -m loadtests.log.order: batches commit at the same time and in another order than that of their numbers.

The sequencer runs meanwhile. Every batch that was committed must be in the log once, and none that was rolled back.
"""

from __future__ import annotations

import asyncio
import random
import sys
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import asyncpg
import click

from loadtests.contests import now
from loadtests.log.running import Logged, logged
from loadtests.service import ID
from voting.domain.ballots import merkle
from voting.domain.transparency import bundle
from voting.services.transparency.log_check import check_log

CONNECTIONS = 40
MOST_DELAY_SECONDS = 0.05
ROLLED_BACK = 0.05
# As casting writes them, but for the ballots, and without the gate that would let them commit one after another.
_INSERT = """
with batch as (
    insert into batches (contest, recorded_at, voters, facts, remaining, leaves, signature, parts)
    values ($1, now(), array[$2::bytea], '[]', '{}', $3, '', '') returning id
)
insert into log_queue (contest, batch, entries) select $1, id, $4 from batch returning batch
"""


class Outcome(NamedTuple):
    """How many batches were committed, how many are in the log, how many of these were rolled back; and findings."""

    committed: int
    logged: int
    rolled_back: int
    findings: list[str]

    @property
    def is_right(self) -> bool:
        """Whether the log has what was committed, and no more."""
        return self.committed == self.logged and not self.rolled_back and not self.findings


def trial(batches: int, seed: int) -> Outcome:
    """Commits this many batches, each after a random delay within its transaction; some are rolled back."""
    with logged() as place:
        return asyncio.run(_run(place, batches, random.Random(seed)))


async def _run(place: Logged, batches: int, dice: random.Random) -> Outcome:
    due, committed = iter(range(batches)), set[int]()
    async with place.office() as office:
        sequencer = office.sequencer()
        running = asyncio.create_task(sequencer.run())
        await asyncio.gather(*(_commit(place, due, dice, committed) for _ in range(CONNECTIONS)))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await sequencer.round()
        _, findings = await check_log(office.database, await office.contest_cache.get(ID))
        async with office.database.connection() as connection:
            taken = {row["batch"] for row in await connection.fetch("select batch from log_batches")}
    return Outcome(len(committed), len(taken & committed), len(taken - committed), findings)


async def _commit(place: Logged, due: Iterator[int], dice: random.Random, committed: set[int]) -> None:
    connection = await asyncpg.connect(place.environment["DATABASE_OWNER_URL"])
    at = f"{now():%Y-%m-%dT%H:%M:%SZ}"
    for _ in due:
        leaf = f"voting/ballot/v2\n{ID}\n{uuid.uuid4()}\n{at}\n1\n{'A' * 43}=\n".encode()
        transaction = connection.transaction()
        await transaction.start()
        batch = await connection.fetchval(_INSERT, ID, dice.randbytes(32), merkle.leaf_hash(leaf), bundle.frame([leaf]))
        await asyncio.sleep(dice.random() * MOST_DELAY_SECONDS)
        if dice.random() < ROLLED_BACK:
            await transaction.rollback()
        else:
            await transaction.commit()
            committed.add(batch)
    await connection.close()


@click.command(epilog="Example: python -m loadtests.log.order --batches 100000")
@click.option("--batches", default=100_000, show_default=True, type=click.IntRange(1), help="One of twenty rolls back.")
@click.option("--seed", default=1, show_default=True, help="Of the delays.")
def main(batches: int, seed: int) -> None:
    """Exit code 1: a batch was skipped, or one that was rolled back is in the log."""
    outcome = trial(batches, seed)
    click.echo(f"{outcome.committed} batches committed, {outcome.logged} of them in the log")
    click.echo(f"{outcome.rolled_back} that were rolled back are in it; findings: {outcome.findings[:3]}")
    sys.exit(not outcome.is_right)


if __name__ == "__main__":
    main()
