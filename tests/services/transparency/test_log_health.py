"""Health and metrics say whether the public logs grow."""

from __future__ import annotations

import re

import httpx

from tests.conftest import Contests, as_owner, eventually
from tests.services.transparency.test_log import SEED, sequenced, stored_ballots
from voting.services.transparency.anchors import Anchors
from voting.services.transparency.log_check import log_status
from voting.services.transparency.log_key import LogKey
from voting.wiring.admin import AdminServices


async def test_a_log_that_does_not_grow_or_is_frozen_is_shown(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await stored_ballots(contests, office, 1)
    await sequenced(office)

    async def health(expected: str) -> float:
        async def is_shown() -> bool:
            answer = await http.get("/health/deps")
            return answer.status_code == 200 and answer.json()["log"] == expected

        await eventually(is_shown)
        metrics = (await http.get("/metrics")).text
        return float(re.findall(r"^voting_log_oldest_seconds(?:\{[^}]*\})? (\S+)$", metrics, re.M)[0])

    async with as_owner(office.settings) as connection:
        await connection.execute("delete from log_queue")
        await connection.execute("delete from logs where frozen is not null")
        assert await health("ok") == 0
        await stored_ballots(contests, office, 1, contest)
        await connection.execute("update log_queue set queued_at = now() - interval '2 minutes'")
        assert await health("behind") > 100
        await sequenced(office)
        assert await health("ok") < 60
        await connection.execute("update logs set frozen = 'a test' where contest = $1", contest)
        await health("frozen")
        assert "voting_logs_frozen" in (await http.get("/metrics")).text
        await connection.execute("update logs set frozen = null where contest = $1", contest)


async def test_a_log_that_lost_leaves_is_frozen_though_nothing_waits(contests: Contests, office: AdminServices) -> None:
    contest = await stored_ballots(contests, office, 1)
    await sequenced(office)
    snapshot = await office.contest_cache.get(contest)
    longer = LogKey(SEED).signer(f"vote.example.org/log/{contest}").sign(9, bytes(32))
    Anchors(office.settings.data / "anchors").write(contest, snapshot.uid, longer)
    await sequenced(office)
    assert "a log of 9 leaves was published" in " ".join((await log_status(office.database, snapshot)).wrong)
    async with as_owner(office.settings) as connection:
        await connection.execute("update logs set frozen = null where contest = $1", contest)
