"""A log that is recovered says nothing twice: what only the lost part of the database knew is read from the leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of
from tests.services.transparency.test_log import NOON, SEED, backup, restore, sequenced, stored_ballots
from tests.verifier.conftest import Verify, program, verify
from voting.domain.ballots.ballot import State
from voting.postgres.database import Connection
from voting.postgres.fraud import decisions
from voting.postgres.fraud.decisions import Authority, Change
from voting.postgres.results import certifications
from voting.postgres.transparency import log, openings
from voting.services.transparency.log_export import export_log
from voting.services.transparency.log_key import LogKey
from voting.services.transparency.recovery import recover
from voting.settings import Settings
from voting.wiring.admin import AdminServices

__all__ = ["program", "verify"]


async def test_numbers_days_and_the_close_are_not_used_again(
    contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path, verify: Verify
) -> None:
    contest = await contests.make(top=NOON, opens=timedelta(days=-3), closes=timedelta(minutes=-1))
    await stored_ballots(contests, office, 7, contest, datetime.now(UTC) - timedelta(days=1))
    older, snapshot = await backup(settings, contest), await office.contest_cache.get(contest)
    made = await sequenced(office)

    async def certify() -> list[list[str]]:
        """Certifies the result; returns the lines of the log's leaves."""
        await made.round()
        done = run("certify", "--contest", contest, env=environment_of(settings))
        assert done.returncode == 0, done.stderr
        await made.round()
        await made.round()
        await export_log(office.database, snapshot, office.keyring.public_key, tmp_path)
        async with office.database.connection() as connection:
            return [entry.decode().split("\n") for entry in await log.select_bundle(connection, contest, 0)]

    first = await certify()
    async with as_owner(settings) as connection:
        for table in ("decision_leaves", "log_seals", "bundles"):
            await connection.execute(f"delete from {table} where contest = $1", contest)
    await restore(settings, contest, older)
    made = await sequenced(office)
    assert (await recover(office.database, LogKey(SEED), snapshot, tmp_path)).without_bundle == 1
    async with as_owner(settings) as connection:
        await connection.execute("delete from certifications where contest = $1", contest)
    leaves = await certify()
    kinds = [lines[0].split("/")[1] for lines in leaves]
    assert kinds[: len(first)] == [lines[0].split("/")[1] for lines in first]
    assert kinds[len(first) :] == ["incident", "decisions", "act", "certificate"]
    assert leaves[-1][3] == "number 2"
    seal = leaves[kinds.index("seal")][3].removeprefix("day ")
    assert leaves[len(first)][3].endswith(f"as were the salts that open decisions 1, the seal of {seal}")
    vkey = str(LogKey(SEED).signer(f"vote.example.org/log/{contest}").key)
    assert verify("log", tmp_path, "--vkey", vkey).findings == []


async def test_decisions_on_a_restored_backup_repeat_no_number(
    contests: Contests, office: AdminServices, settings: Settings, tmp_path: Path, verify: Verify
) -> None:
    """They are made before the sequencer finds out, and before the log is recovered."""
    contest = await stored_ballots(contests, office, 9)
    snapshot, made = await office.contest_cache.get(contest), await sequenced(office)

    async def decide(state: State) -> None:
        async def work(tx: Connection) -> None:
            await certifications.lock_result(tx, contest)
            rows = await tx.fetch(
                "select sequence, voter from ballots where contest = $1 and state <> $2 order by id limit 2",
                *(contest, state),
            )
            changes = [Change(row["sequence"], row["voter"], state, (), None) for row in rows]
            await decisions.change(tx, contest, changes, Authority("review", "test", ruling=1))

        await office.database.transact(work)

    await decide("hold")
    await made.round()
    older = await backup(settings, contest)
    for state in ("void", "hold", "void"):
        await decide(state)
    await made.round()
    await export_log(office.database, snapshot, office.keyring.public_key, tmp_path)
    async with as_owner(settings) as connection:
        await connection.execute("delete from decisions where contest = $1 and leaf > 1", contest)
        await connection.execute("delete from decision_leaves where contest = $1 and number > 1", contest)
    await restore(settings, contest, older)
    await decide("count")
    made = await sequenced(office)
    await decide("void")
    await recover(office.database, LogKey(SEED), snapshot, tmp_path)
    await decide("hold")
    await made.round()
    await export_log(office.database, snapshot, office.keyring.public_key, tmp_path)
    vkey = str(LogKey(SEED).signer(f"vote.example.org/log/{contest}").key)
    assert verify("log", tmp_path, "--vkey", vkey).findings == []
    async with office.database.connection() as reader:
        opened = [
            (leaf.number, [line[1] for line in leaf.lines]) for leaf in await openings.select_leaves(reader, contest)
        ]
        with pytest.raises(asyncpg.RaiseError, match="only when its frozen log is recovered"):
            await log.renumber_decisions(reader, contest, 1, 1)
    assert opened == [
        (1, ["hold", "hold"]),
        *((number, []) for number in (2, 3, 4)),
        *((number, [state, state]) for number, state in ((5, "count"), (6, "void"), (7, "hold"))),
    ]
