"""A log that is recovered says nothing twice: what only the lost part of the database knew is read from the leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of
from tests.services.transparency.test_log import NOON, SEED, backup, restore, sequenced, stored_ballots
from tests.verifier.conftest import Verify, program, verify
from voting.postgres.transparency import log
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
        for table in ("decision_leaves", "log_seals", "bundles", "certifications"):
            await connection.execute(f"delete from {table} where contest = $1", contest)
    await restore(settings, contest, older)
    made = await sequenced(office)
    await recover(office.database, LogKey(SEED), snapshot, tmp_path)
    leaves = await certify()
    kinds = [lines[0].split("/")[1] for lines in leaves]
    assert kinds[: len(first)] == [lines[0].split("/")[1] for lines in first]
    assert kinds[len(first) :] == ["incident", "decisions", "act", "certificate"]
    assert leaves[-1][3] == "number 2"
    seal = leaves[kinds.index("seal")][3].removeprefix("day ")
    assert leaves[len(first)][3].endswith(f"as were the salts that open decisions 1, the seal of {seal}")
    vkey = str(LogKey(SEED).signer(f"vote.example.org/log/{contest}").key)
    assert verify("log", tmp_path, "--vkey", vkey).findings == []
