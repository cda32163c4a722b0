"""No ballot counts twice, and the voter is informed of every one: random schedules against the real service.

VOTING_SCHEDULES=950,50 runs that many under Node and in Chromium. The first seeds are those of every run.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import Counter
from pathlib import Path
from random import Random

import asyncpg
import pytest
from playwright.async_api import Browser

from tests.acceptance.test_browser import FIVE_A_DAY, PHONE, browser
from tests.conftest import Contests, Service
from tests.voter_page.browsers import MODULE, NO_STORAGE, ChromiumTabs, Node, NodeTabs, Storage, enter
from tests.voter_page.faulty_proxy import FaultyProxy
from tests.voter_page.schedules import HAPPENINGS, Happening, Step, Voter, schedule
from voting.services.identity.keyring import read_receipt

__all__ = ["browser"]
UNDER_NODE, IN_CHROMIUM = (int(number) for number in os.environ.get("VOTING_SCHEDULES", "60,2").split(","))
FREE = '[ballot]\nmost = 3\n[[quota]]\npicks = 200\nper = "contest"\nperiod = "day"\n'
SEVERAL = '[ballot]\nleast = 2\nmost = 3\n[[quota]]\npicks = 200\nper = "contest"\nperiod = "day"\n'
SETS = [("A001",), ("A002",), ("A003", "A004"), ("A001", "A005", "A006")]
AT_ONCE = 12
# Without the credential nobody can look up a ballot: another test covers this.
KEEPS_CREDENTIAL: dict[Happening, int] = {"lose_credential": 0}


class World:
    """One contest, and what schedules in it need."""

    def __init__(self, service: Service, contests: Contests, contest: str) -> None:
        self.service = service
        self.contests = contests
        self.contest = contest
        self.told = 0
        self.unknowable = 0
        self.states: Counter[str] = Counter()

    async def next_day(self, receipts: set[str]) -> None:
        """Moves the quota used by these ballots one more day into the past."""
        connection = await asyncpg.connect(self.service.settings.database_owner_url)
        await connection.execute(
            "update ballots set recorded_at = recorded_at - interval '30 days' * (1 + random())"
            " where contest = $1 and id = any($2::uuid[])",
            self.contest,
            [ballot for receipt in receipts for ballot in read_receipt(receipt).statement.decode().split("\n")[2:3]],
        )
        await connection.close()

    def close(self, voter: Voter) -> None:
        """Adds a voter's record to that of the contest."""
        self.told += sum(map(len, voter.told.values()))
        self.unknowable += voter.unknowable.total()
        self.states += voter.states

    async def check(self) -> None:
        """Checks that the database matches what the voters were shown."""
        connection = await asyncpg.connect(self.service.settings.database_url)
        recorded = await connection.fetchval("select count(*) from ballots where contest = $1", self.contest)
        await connection.close()
        sys.stdout.write(f"\n{recorded} ballots recorded, {self.told} told of; {dict(self.states)}\n")
        assert self.told <= recorded <= self.told + self.unknowable


async def live_under_node(world: World, node: Node, seed: int, keeps_credential: bool) -> None:
    random = Random(f"browser {seed}")
    storage: Storage = random.choice(["local", "cookies", "none"])
    tabs = 1 if storage == "none" else random.choice([1, 2])
    happenings = (
        HAPPENINGS | (KEEPS_CREDENTIAL if keeps_credential else {}) | ({"reload": 0} if storage == "none" else {})
    )
    async with FaultyProxy(world.service.url) as proxy:
        browser = NodeTabs(node, seed)
        tokens = world.contests.tokens(world.contest, 12)
        await browser.start(proxy.url, world.contest, tokens, storage, random.random() < 0.7)
        voter = Voter(proxy, browser, tabs, world.next_day)
        await live_through(seed, voter, schedule(seed, SETS, tabs, happenings))
        await browser.end()
    world.close(voter)


async def live_in_chromium(world: World, browser: Browser, seed: int, of_several: bool) -> None:
    random = Random(f"browser {seed}")
    # Without localStorage the tabs still share their cookies.
    no_storage = random.choice([None, None, *NO_STORAGE])
    tabs = random.choice([1, 2])
    sets = [("A001", "A002"), ("A003", "A004", "A005")] if of_several else [("A001",), ("A002",)]
    happenings = HAPPENINGS | KEEPS_CREDENTIAL
    async with FaultyProxy(world.service.url) as proxy:
        context = await browser.new_context(viewport=PHONE, locale="zh-CN", base_url=proxy.url)
        if no_storage:
            await context.add_init_script(no_storage)
        (token,) = world.contests.tokens(world.contest, 1)
        await enter(context, world.contest, token, proxy.url)
        voter = Voter(proxy, ChromiumTabs(context, world.contest, of_several), tabs, world.next_day)
        steps = schedule(seed, sets, tabs, happenings)
        await live_through(seed, voter, steps)
        await context.close()
    world.close(voter)


async def live_through(seed: int, voter: Voter, steps: list[Step]) -> None:
    """Names the schedule that fails."""
    try:
        await voter.live(steps)
    except AssertionError as error:
        raise AssertionError(f"schedule {seed}: {error}\n" + "\n".join([*map(str, steps), *voter.log])) from error


@pytest.mark.parametrize("rules", [FREE, FIVE_A_DAY.replace("picks = 5", "picks = 200")], ids=["free", "entry a day"])
async def test_the_module_under_node(service: Service, contests: Contests, rules: str) -> None:
    world = World(service, contests, await contests.make(rules))
    gate = asyncio.Semaphore(AT_ONCE)

    async def live(node: Node, seed: int) -> None:
        async with gate:
            await live_under_node(world, node, seed, keeps_credential=True)

    async with Node.running() as node:
        await asyncio.gather(*(live(node, seed) for seed in range(UNDER_NODE // 2)))
    await world.check()


async def test_a_browser_that_loses_its_credential(service: Service, contests: Contests) -> None:
    world = World(service, contests, await contests.make(FREE))
    async with Node.running() as node:
        lives = (live_under_node(world, node, seed, keeps_credential=False) for seed in range(24))
        await asyncio.gather(*lives)
    await world.check()


MISTAKES = {
    "only the page's memory": [("this.page.store.set(`ballot:${name}`, JSON.stringify(ballot));", "")],
    "only storage": [("this.memory.set(name, ballot);", "")],
    "only the last entry": [("this.memory.set(name, ballot);", "this.memory.clear(); this.memory.set(name, ballot);")],
    "the order of the picks": [("Array.from(picks).sort()", "picks")],
    "ten minutes": [
        ("renewsAt: this.page.renewsAt() };", "renewsAt: this.page.renewsAt(), at: this.page.now() };"),
        (
            "return kept && this.isOrphan(kept) &&",
            "return kept && this.page.now() - kept.at > 600000 ? null : kept && this.isOrphan(kept) &&",
        ),
    ],
    "a new key after 429": [
        ('NOT_ACCEPTED = [\n  "slow_down",', "NOT_ACCEPTED = ["),
        ("NOT_RECORDED = [", 'NOT_RECORDED = ["slow_down", '),
    ],
    "a new key after 503": [("NOT_RECORDED = [", 'NOT_RECORDED = ["try_again", ')],
    "429 said to be not recorded": [('code === "slow_down" && !ballot.unknown', 'code === "slow_down"')],
    "another voter sends it again": [("return ballot.unknown && ballot.era !== this.era();", "return false;")],
    "an answered key for a new ballot": [("this.memory.delete(name);", "return;")],
}


@pytest.mark.campaign
@pytest.mark.parametrize("mistake", MISTAKES)
async def test_the_schedules_find_each_mistake(
    service: Service, contests: Contests, tmp_path: Path, mistake: str
) -> None:
    text = MODULE.read_text("utf-8")
    for right, wrong in MISTAKES[mistake]:
        assert right in text
        text = text.replace(right, wrong)
    (tmp_path / "ballots.mjs").write_text(text, "utf-8")
    world = World(service, contests, await contests.make(FREE))
    async with Node.running(tmp_path / "ballots.mjs") as node:
        for first in range(0, 120, AT_ONCE):
            lives = (
                live_under_node(world, node, seed, keeps_credential=False) for seed in range(first, first + AT_ONCE)
            )
            failures = [error for error in await asyncio.gather(*lives, return_exceptions=True) if error]
            assert all(isinstance(error, AssertionError) for error in failures), failures
            if failures:
                return
    raise AssertionError("no schedule failed")


@pytest.mark.parametrize("of_several", [False, True], ids=["one entry", "several entries"])
async def test_the_page_in_chromium(service: Service, contests: Contests, browser: Browser, of_several: bool) -> None:
    world = World(service, contests, await contests.make(SEVERAL if of_several else FREE))
    for seed in range(IN_CHROMIUM // 2):
        await live_in_chromium(world, browser, seed, of_several)
    await world.check()
