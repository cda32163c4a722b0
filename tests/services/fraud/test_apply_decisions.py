"""Applying sweeps: ballots, tally and history change together, whatever else happens."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

import httpx

from tests.conftest import Contests, cast
from tests.fraud.rings import POLICY, Cast, crowd, find_nothing, find_rings, history, in_question, record, tally
from voting.postgres.database import Connection
from voting.postgres.fraud import groups
from voting.postgres.fraud.decisions import Changed
from voting.services.fraud.apply_decisions import DecisionWriter, Detector, Swept
from voting.services.fraud.ballot_table import load_ballot_table
from voting.wiring.admin import AdminServices


async def always(_tx: Connection) -> None:
    """A guard that allows everything."""


async def swept(office: AdminServices, contest: str, detect: Detector = find_rings) -> Changed:
    ballots = await load_ballot_table(office.database, contest)
    found = Swept(ballots, detect(ballots, POLICY, "nearline"), POLICY, "nearline")
    return await DecisionWriter(office.database).apply(contest, found, always)


async def states(office: AdminServices, contest: str) -> dict[str, tuple[str, int, int]]:
    async with office.database.connection() as connection:
        found = await groups.select_all(connection, contest)
    return {each.id: (each.state, each.ballots, each.version) for each in found}


async def test_a_ring_is_held_with_its_reasons_and_its_history(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    await record(office.database, contest, [*crowd(0, 30, "A001"), *crowd(100, 20, "A002", "ring-1")])
    changed = await swept(office, contest)
    assert (changed.held, changed.released, changed.entries) == (20, 0, frozenset({"A002"}))
    assert await tally(office.database, contest) == {"A001": (30, 0, 30), "A002": (20, 20, 0)}
    assert await history(office.database, contest) == [("nearline", "hold", 20)]
    held = await in_question(office.database, contest)
    assert {(each.state, *each.reasons, each.group) for each in held} == {("hold", "A1", "C3", "ring-1")}
    assert await states(office, contest) == {"ring-1": ("open", 20, 1)}


async def test_the_same_sweep_again_changes_nothing(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    await record(office.database, contest, [*crowd(0, 30, "A001"), *crowd(100, 20, "A002", "ring-1")])
    await swept(office, contest)
    before = await states(office, contest), await history(office.database, contest)
    assert await swept(office, contest) == Changed()
    assert (await states(office, contest), await history(office.database, contest)) == before


async def test_a_ballot_no_longer_found_is_counted_again(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    online = [Cast(number, "A003", state="hold") for number in range(500, 505)]
    await record(office.database, contest, [*crowd(0, 20, "A002", "ring-1"), *online])
    await swept(office, contest)
    assert await tally(office.database, contest) == {"A002": (20, 20, 0), "A003": (5, 5, 0)}
    changed = await swept(office, contest, find_nothing)
    assert (changed.held, changed.released) == (0, 20)
    # Ballots held when cast stay held.
    assert await tally(office.database, contest) == {"A002": (20, 0, 20), "A003": (5, 5, 0)}
    assert await history(office.database, contest) == [
        ("nearline", "count", 20),
        ("nearline", "hold", 20),
        ("online", "hold", 5),
    ]
    assert await states(office, contest) == {}
    await swept(office, contest)
    assert (await states(office, contest))["ring-1"][:2] == ("open", 20)


async def test_a_ring_that_grows_keeps_its_name(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    await record(office.database, contest, crowd(0, 1500, "A002", "ring-1"))
    assert (await swept(office, contest)).held == 1500
    await record(office.database, contest, crowd(5000, 40, "A002", "ring-1"))
    assert (await swept(office, contest)).changed == 40
    (found,) = (await states(office, contest)).items()
    assert (found[0], found[1][1]) == ("ring-1", 1540)


async def test_it_stops_when_the_guard_refuses(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    await record(office.database, contest, crowd(0, 2500, "A002", "ring-1"))
    asked = 0

    async def thrice(_tx: Connection) -> None:
        nonlocal asked
        asked += 1
        if asked > 3:
            raise RuntimeError("lost")

    ballots = await load_ballot_table(office.database, contest)
    found = Swept(ballots, find_rings(ballots, POLICY, "nearline"), POLICY, "nearline")
    with suppress(RuntimeError):
        await DecisionWriter(office.database).apply(contest, found, thrice)
    assert await tally(office.database, contest) == {"A002": (2500, 2000, 500)}, "whole thousands, and the tally right"
    assert (await DecisionWriter(office.database).apply(contest, found, always)).held == 500
    assert (await states(office, contest))["ring-1"][1] == 2500


async def test_while_it_is_applied_casting_goes_on_and_the_tally_is_right_at_every_look(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make('[[quota]]\npicks = 1\nper = "contest"\nperiod = "day"\n')
    await record(office.database, contest, [*crowd(0, 3000, "A001", "ring-1"), *crowd(10_000, 1000, "A002")])
    ballots = await load_ballot_table(office.database, contest)
    found = Swept(ballots, find_rings(ballots, POLICY, "nearline"), POLICY, "nearline")
    nothing = replace(found, found=find_nothing(ballots, POLICY, "nearline"))
    looks = cast_so_far = 0
    ended = asyncio.Event()

    async def sweep() -> None:
        for each in (found, nothing, found):
            await DecisionWriter(office.database).apply(contest, each, always)
        ended.set()

    async def vote(tokens: list[str]) -> None:
        nonlocal cast_so_far
        for token in tokens:
            assert (await cast(http, contest, token, ["A001"])).status_code == 201
            cast_so_far += 1

    async def look() -> None:
        nonlocal looks
        while not ended.is_set():
            figures = await tally(office.database, contest)
            assert figures["A002"] == (1000, 0, 1000)
            looks += 1

    tokens = contests.tokens(contest, 400)
    await asyncio.gather(sweep(), look(), *(vote(tokens[first::8]) for first in range(8)))
    assert looks > 3
    assert cast_so_far == 400
    assert await tally(office.database, contest) == {"A001": (3400, 3000, 400), "A002": (1000, 0, 1000)}
