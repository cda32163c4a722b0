"""What the real service signs, proves and exports is right by verifiers that know SPEC.md and none of its code."""

from __future__ import annotations

import asyncio
import base64
import re
import shutil
import subprocess
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, expect

from tests.acceptance.test_cli import run
from tests.conftest import Contests, Service, as_owner, cast, environment_of
from tests.verifier.conftest import Verify
from tests.verifier.test_page import check, result

BALLOTS = 30


@dataclass(frozen=True)
class Published:
    """What a stranger has: the log's directory, policy and keys; each voter's receipt and proof; a later export."""

    log: Path
    later: Path
    policy: Path
    vkey: str
    receipt_key: str
    held: list[tuple[Path, Path]]
    receipts: Path
    """All of them in one file."""


@pytest.fixture(scope="module")
async def published(service: Service, contests: Contests, tmp_path_factory: pytest.TempPathFactory) -> Published:
    """Ballots are cast, the contest is paused and ends; its log is exported twice into the same folder."""
    # Other tests' contests wait, too: a round would append hundreds of logs.
    async with as_owner(service.settings) as connection:
        await connection.execute("delete from log_queue")
    folder, contest = tmp_path_factory.mktemp("published"), await contests.make(opens=timedelta(days=-2))
    environment = environment_of(service.settings) | {"VOTING_LOG_KEY": str(folder / "log.key")}
    async with as_owner(service.settings) as connection:
        await connection.execute("delete from leases where name = 'log'")

    async def command(*arguments: str) -> None:
        done = await asyncio.to_thread(run, *arguments, env=environment)
        assert done.returncode == 0, done.stderr

    async with httpx.AsyncClient(base_url=service.url, timeout=30) as http:

        async def append(count: int) -> list[httpx.Response]:
            tokens = contests.tokens(contest, count)
            answers = await asyncio.gather(*(cast(http, contest, token, ["A001"]) for token in tokens))
            assert {answer.status_code for answer in answers} == {201}
            await command("log", "run", "--once")
            return answers

        await command("log", "key", str(folder / "log.key"))
        held = []
        for number, answer in enumerate(await append(BALLOTS)):
            place = answer.json()["log"]
            proof = await http.get(f"/log/{contest}/proof/{place['batch']}/{place['place']}")
            held.append((folder / f"{number}.txt", folder / f"{number}.tlog-proof"))
            held[-1][0].write_text(answer.json()["receipt"])
            held[-1][1].write_bytes(proof.content)
        (folder / "policy").write_bytes((await http.get(f"/log/{contest}/policy")).content)
        log = (await http.get(f"/log/{contest}/log.json")).json()
        await command("log", "export", "--contest", contest, str(folder / "log"))
        shutil.copytree(folder / "log", folder / "first")
        await append(10)
        async with contests.office() as office:
            await office.contest_admin.pause(contest)
            await office.staff_keys.create("someone", "judge", contest)
        async with as_owner(service.settings) as connection:
            await connection.execute("update contests set closes_at = now() where id = $1", contest)
        # A round appends what is queued, the next what the clock has made due.
        await command("log", "run", "--once")
        await command("log", "run", "--once")
        await command("log", "export", "--contest", contest, str(folder / "log"))
    (folder / "receipts.txt").write_text("".join(f"{receipt.read_text()}\n" for receipt, _ in held))
    return Published(
        folder / "first",
        folder / "log",
        folder / "policy",
        log["vkey"],
        log["receipt_key"],
        held,
        folder / "receipts.txt",
    )


def test_verify_py_finds_nothing_wrong(verify: Verify, published: Published) -> None:
    trusted = ("--policy", published.policy, "--receipt-key", published.receipt_key)
    for receipt, proof in published.held:
        verdict = verify("proof", proof, "--receipt", receipt, *trusted)
        assert (verdict.status, verdict.findings) == (0, [])
    receipts = ("--receipt", published.receipts)
    kept = ("--checkpoint", published.log / "checkpoint")
    for log, more, ballots in ((published.log, (), BALLOTS), (published.later, kept, BALLOTS + 10)):
        verdict = verify("log", log, *trusted, *receipts, *more)
        assert (verdict.status, verdict.findings) == (0, [])
        assert f"ballots {ballots}, votes {ballots}" in verdict.words
        assert f"Receipts whose ballots are in the log: {BALLOTS} of {BALLOTS}" in verdict.words
    entries = b"".join(path.read_bytes() for path in sorted((published.later / "tile" / "entries").rglob("*.p/*")))
    kinds = re.findall(rb"voting/([a-z]+)/v\d\n", entries)
    assert set(kinds) == {b"open", b"ballot", b"act", b"seal", b"close"}


async def test_verify_html_finds_nothing_wrong(page: Page, published: Published) -> None:
    trust, key = published.policy.read_text(), published.receipt_key
    for held in published.held:
        assert await check(page, *held, trust=trust, key=key) == set()
        assert await result(page) == "ok"
    given = published.later.parent / "given"
    shutil.copytree(published.later, given / "log")
    shutil.copy(published.receipts, given)
    assert await check(page, given, trust=trust, key=key) == set()
    await expect(page.locator("#facts")).to_contain_text(
        f"Receipts whose ballots are in the log: {BALLOTS} of {BALLOTS}"
    )
    await expect(page.locator("#facts")).to_contain_text(f"ballots {BALLOTS + 10}, votes {BALLOTS + 10}")


def test_go_finds_nothing_wrong(go_check: Path, published: Published, tmp_path: Path) -> None:
    subprocess.run([go_check, "log", published.later, published.vkey], check=True)
    for receipt, proof in published.held:
        statement = receipt.read_text().partition(".")[0]
        (tmp_path / "leaf").write_bytes(base64.urlsafe_b64decode(statement + "=" * (-len(statement) % 4)))
        subprocess.run([go_check, "proof", proof, published.vkey, tmp_path / "leaf"], check=True)
