"""What the real service signs, proves and exports is right by verifiers that know SPEC.md and none of its code."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, expect

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, cast, environment_of
from tests.verifier.conftest import Verify
from tests.verifier.test_page import check, result
from voting.settings import Settings


async def test_receipts_proofs_and_the_exported_log_hold(
    http: httpx.AsyncClient, contests: Contests, settings: Settings, verify: Verify, page: Page, tmp_path: Path
) -> None:
    contest = await contests.make()
    environment = environment_of(settings) | {"VOTING_LOG_KEY": str(tmp_path / "log.key")}
    assert run("log", "key", str(tmp_path / "log.key")).returncode == 0
    async with as_owner(settings) as connection:
        await connection.execute("delete from leases where name = 'log'")

    async def appended(count: int) -> list[dict[str, Any]]:
        """Casts ballots; returns their answers when they are in the log."""
        tokens = contests.tokens(contest, count)
        answers = await asyncio.gather(*(cast(http, contest, token, ["A001"]) for token in tokens))
        assert {answer.status_code for answer in answers} == {201}
        done = await asyncio.to_thread(run, "log", "run", "--once", env=environment)
        assert done.returncode == 0, done.stderr
        return [answer.json() for answer in answers]

    def export() -> None:
        done = run("log", "export", "--contest", contest, str(tmp_path / "log"), env=environment)
        assert done.returncode == 0, done.stderr

    answers = await appended(30)
    log = (await http.get(f"/log/{contest}/log.json")).json()
    (tmp_path / "policy").write_text((await http.get(f"/log/{contest}/policy")).text)
    trusted = ("--policy", tmp_path / "policy", "--receipt-key", log["receipt_key"])
    receipts: list[Path] = []
    for number, answer in enumerate(answers):
        receipts.append(tmp_path / f"{number}.txt")
        receipts[-1].write_text(answer["receipt"])
        place = answer["log"]
        proof = await http.get(f"/log/{contest}/proof/{place['batch']}/{place['place']}")
        (tmp_path / "proof").write_bytes(proof.content)
        verdict = verify("proof", tmp_path / "proof", "--receipt", receipts[-1], *trusted)
        assert (verdict.status, verdict.findings) == (0, [])
    in_page = (tmp_path / "policy").read_text(), log["receipt_key"]
    assert await check(page, receipts[-1], tmp_path / "proof", trust=in_page[0], key=in_page[1]) == set()
    assert await result(page) == "ok"
    await asyncio.to_thread(export)
    assert await check(page, tmp_path / "log", trust=in_page[0]) == set()
    await expect(page.locator("#facts")).to_contain_text("ballots 30, votes 30")
    named = [argument for receipt in receipts for argument in ("--receipt", receipt)]
    verdict = verify("log", tmp_path / "log", *trusted, *named)
    assert (verdict.status, verdict.findings) == (0, [])
    assert "ballots 30, votes 30" in verdict.words
    assert verdict.words.count("of the log.") == 30
    (tmp_path / "kept").write_bytes((tmp_path / "log" / "checkpoint").read_bytes())
    await appended(10)
    await asyncio.to_thread(export)
    verdict = verify("log", tmp_path / "log", *trusted, *named, "--checkpoint", tmp_path / "kept")
    assert (verdict.status, verdict.findings) == (0, [])
    assert "ballots 40, votes 40" in verdict.words
