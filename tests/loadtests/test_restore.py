"""The restore drill: backup and archived log bring the vote back to a moment, by the scripts of deploy/backup."""

from __future__ import annotations

import asyncio
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from loadtests.faults.pair import DATABASE, OWNER, ROLE, Node
from tests.acceptance.test_cli import run
from tests.conftest import ROOT, Contests, cast, environment_of, eventually, serving
from voting.errors import EnginesUnavailable
from voting.settings import Settings
from voting.wiring import admin

BACKUP = ROOT / "deploy" / "backup"
DELETED = "delete from ballots where contest = '{}' and abs(hashtext(id::text)) % 4 = 0"
CASTING = 16


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the servers' user can pass through."""
    with tempfile.TemporaryDirectory(prefix="restore-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def nodes(folder: Path) -> Iterator[list[Node]]:
    """A server that archives its log, and one that is to be restored."""
    nodes = [Node(folder, "vote"), Node(folder, "restored")]
    try:
        nodes[0].create()
        archive = folder / "vote" / "archive"
        nodes[0].sql("alter system set archive_mode = on")
        nodes[0].sql(
            f"alter system set archive_command = 'mkdir -p {archive} && test ! -f {archive}/%f && cp %p {archive}/%f'"
        )
        nodes[0].stop()
        nodes[0].start()
        yield nodes
    finally:
        for node in nodes:
            node.destroy()


def at(settings: Settings, node: Node) -> Settings:
    address = f"@127.0.0.1:{node.port}/{DATABASE}"
    return replace(
        settings, database_url=f"postgresql://{ROLE}{address}", database_owner_url=f"postgresql://{OWNER}{address}"
    )


class Votes:
    """Casts ballots and keeps what was acknowledged: key, token and answer of each."""

    def __init__(self, contest: str, tokens: list[str]) -> None:
        self._contest = contest
        self._tokens = tokens

    async def cast(self, url: str, count: int) -> list[tuple[str, str, dict[str, str]]]:
        gate = asyncio.Semaphore(CASTING)
        async with httpx.AsyncClient(base_url=url, timeout=60) as http:

            async def one() -> tuple[str, str, dict[str, str]]:
                token, key = self._tokens.pop(), secrets.token_hex(8)
                async with gate:
                    answer = await cast(http, self._contest, token, ["A001"], key)
                assert answer.status_code == 201, answer.text
                return key, token, answer.json()

            return await asyncio.gather(*(one() for _ in range(count)))


async def test_a_vote_is_restored_to_a_moment_and_later_ballots_are_listed(
    settings: Settings, nodes: list[Node], folder: Path
) -> None:
    vote, restored = nodes
    there = at(settings, vote)
    await admin.migrate(there, print)
    contests = Contests(there)
    contest = await contests.make()
    votes = Votes(contest, contests.tokens(contest, 300))
    with serving(environment_of(there)) as (url, _):
        before = await votes.cast(url, 60)
        backup = folder / "vote" / "backup"
        await asyncio.to_thread(
            vote.script, BACKUP / "base.sh", f"host=127.0.0.1 port={vote.port} user={OWNER}", backup
        )
        before += await votes.cast(url, 100)
        moment = await asyncio.to_thread(vote.sql, "select clock_timestamp()")
        after = await votes.cast(url, 60)
        # By mistake or on purpose; the last commits of the log.
        await asyncio.to_thread(vote.sql, DELETED.format(contest), DATABASE)
        await asyncio.to_thread(vote.sql, "select pg_switch_wal()")

        async def is_archived() -> bool:
            waiting = await asyncio.to_thread(
                vote.sql, "select last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) from pg_stat_archiver"
            )
            return waiting == "t"

        await eventually(is_archived, 60)
    # The machine is lost, and with it all that is neither in the backup nor in the archive.
    await asyncio.to_thread(vote.kill)
    shutil.rmtree(vote.data / "base")
    archive = folder / "vote" / "archive"
    command = (BACKUP / "restore.sh", backup, archive, restored.data, moment)
    await asyncio.to_thread(restored.script, *command)
    with pytest.raises(EnginesUnavailable, match="exists; name a folder that does not"):
        await asyncio.to_thread(restored.script, *command)
    await asyncio.to_thread(restored.start)

    async def is_open() -> bool:
        return await asyncio.to_thread(restored.sql, "select not pg_is_in_recovery()") == "t"

    await eventually(is_open, 60)
    here = at(settings, restored)
    await check(here, contest, before, after, folder)


async def check(
    here: Settings,
    contest: str,
    before: list[tuple[str, str, dict[str, str]]],
    after: list[tuple[str, str, dict[str, str]]],
    folder: Path,
) -> None:
    """Nothing from before the moment is lost, what came later is listed, and voting goes on."""
    environment = environment_of(here)
    clean = run("recount", "--contest", contest, env=environment)
    assert (clean.returncode, clean.stdout) == (0, ""), clean.stdout + clean.stderr
    assert f"{len(before)} ballots are what their receipts" in clean.stderr
    receipts = folder / "receipts.txt"
    receipts.write_text("".join(f"{answer['receipt']}\n" for _, _, answer in before))
    assert run("verify", "receipts", "--contest", contest, str(receipts), env=environment).returncode == 0
    with receipts.open("a") as file:
        file.writelines(f"{answer['receipt']}\n" for _, _, answer in after)
        file.write("forged.receipt.x\n")
    listed = run("verify", "receipts", "--contest", contest, str(receipts), env=environment)
    assert listed.returncode == 1
    *lines, last = [line.split("\t") for line in listed.stdout.splitlines()]
    assert {line[1] for line in lines} == {answer["ballot"] for _, _, answer in after}
    assert {line[0] for line in lines} == {"missing"}
    assert last == ["refused", f"line {len(before) + len(after) + 1}"]
    assert f"{len(before)} of {len(before) + len(after) + 1} receipts" in listed.stderr
    with serving(environment) as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:

            async def is_right() -> bool:
                """Redis was ahead: it had what is lost."""
                tallies = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()["tallies"]
                return {each["entry"]: each["picks"] for each in tallies if each["picks"]} == {"A001": len(before)}

            await eventually(is_right, 30)
            key, token, answer = before[0]
            assert (await cast(http, contest, token, ["A001"], key)).json() == answer
            key, token, answer = after[0]
            again = await cast(http, contest, token, ["A001"], key)
            assert again.status_code == 201
            assert again.json()["ballot"] != answer["ballot"], "its ballot is lost, and it votes once more"
            public_key = (await http.get(f"/api/v1/contests/{contest}")).json()["receipt_key"]
    genuine = run("verify", "receipt", "--public-key", public_key, answer["receipt"], env={})
    assert genuine.returncode == 0
