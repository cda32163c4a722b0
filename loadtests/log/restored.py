"""python -m loadtests.log.restored: the database is replaced by an older backup of it, again and again.

Each time the sequencer must freeze the log before it appends anything, and `voting log recover` must list the lost
ballots and let the vote go on.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import asyncpg
import click

from loadtests.contests import now
from loadtests.log.running import Logged, logged
from loadtests.service import ID
from tests.conftest import insert_batch
from voting.postgres.ballots import BallotRow
from voting.postgres.transparency import log
from voting.services.transparency.log_check import check_log
from voting.services.transparency.log_export import export_log
from voting.services.transparency.log_key import read_key
from voting.services.transparency.recovery import recover
from voting.wiring.admin import AdminServices

FREEZE_SECONDS = 3.0


@dataclass
class Outcome:
    """Seconds from the first round after each restore until the log was frozen, and what was wrong."""

    frozen: list[float] = field(default_factory=list)
    lost: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def is_right(self) -> bool:
        """Whether every restore was found in time, and everything lost was listed."""
        return not self.faults and max(self.frozen, default=0.0) <= FREEZE_SECONDS


def trial(restores: int, seed: int) -> Outcome:
    """Restores an older backup so many times."""
    outcome, dice = Outcome(), random.Random(seed)
    with logged() as place:
        for number in range(restores):
            asyncio.run(_restore(place, dice, outcome, number))
    return outcome


async def _restore(place: Logged, dice: random.Random, outcome: Outcome, number: int) -> None:
    async with place.office() as office:
        await _cast(office, dice)
    await _copied(place, "backup")
    folder = place.folder / f"log-{number}"
    async with place.office() as office:
        lost = await _cast(office, dice)
        await export_log(office.database, await office.contest_cache.get(ID), office.keyring.public_key, folder)
    await _copied(place, "restore")
    async with place.office() as office:
        snapshot = await office.contest_cache.get(ID)
        begun = time.monotonic()
        await office.sequencer().once()
        outcome.frozen.append(time.monotonic() - begun)
        async with office.database.connection() as connection:
            head = await log.select_head(connection, ID)
        if head is None or not head.frozen:
            outcome.faults.append(f"restore {number} was not found")
            return
        key = read_key(place.folder / "log.key")
        listed = {each.ballot for each in (await recover(office.database, key, snapshot, folder)).lost}
        outcome.lost += len(listed)
        if listed != lost:
            outcome.faults.append(f"restore {number}: {len(listed ^ lost)} of {len(lost)} lost ballots listed wrongly")
        await _cast(office, dice)
        _, findings = await check_log(office.database, snapshot)
        # The batches of the lost ballots are gone, which is what the log says of them.
        outcome.faults += [each for each in findings if "has other ballots" not in each]


async def _cast(office: AdminServices, dice: random.Random) -> set[str]:
    """Records some batches, and appends them to the log; returns the ballots' numbers."""
    ids = set()
    for _ in range(dice.randint(1, 8)):
        rows = [
            BallotRow(dice.randbytes(16), 1, "k", uuid.uuid4(), ["E001"], "count", (), bytes(48), "[]", "{}")
            for _ in range(dice.randint(1, 64))
        ]
        async with office.database.connection() as connection:
            await insert_batch(connection, ID, rows, now())
        ids |= {str(row.id) for row in rows}
    await office.sequencer().once()
    return ids


async def _copied(place: Logged, what: str) -> None:
    """Copies the files of the database, or puts the copy in its place; nobody may be connected."""
    url = place.environment["DATABASE_OWNER_URL"]
    name = urlsplit(url).path.lstrip("/")
    connection = await asyncpg.connect(url, database="template1")
    if what == "backup":
        await connection.execute("drop database if exists backup")
        await connection.execute(f'create database backup template "{name}" strategy file_copy')
    else:
        await connection.execute(f'drop database "{name}" with (force)')
        await connection.execute(f'alter database backup rename to "{name}"')
    await connection.close()


@click.command(epilog="Example: python -m loadtests.log.restored --restores 20")
@click.option("--restores", default=20, show_default=True, type=click.IntRange(1), help="Backups that are restored.")
@click.option("--seed", default=1, show_default=True, help="Of the ballots' numbers.")
def main(restores: int, seed: int) -> None:
    """Exit code 1: a restore was not found within three seconds, or a lost ballot was not listed."""
    outcome = trial(restores, seed)
    click.echo(f"{len(outcome.frozen)} restores, frozen after at most {max(outcome.frozen):.2f} s")
    click.echo(f"{outcome.lost} lost ballots listed; faults: {outcome.faults[:5]}")
    sys.exit(not outcome.is_right)


if __name__ == "__main__":
    main()
