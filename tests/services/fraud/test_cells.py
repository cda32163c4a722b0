"""Cells whose voters confirm too seldom: found, decided by two persons, and in the way of a silent certification."""

from __future__ import annotations

import asyncio
import hashlib
import json
import uuid
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of, eventually, insert_batch
from tests.fraud.rings import POLICY, certifier, find_nothing, tally
from tests.web.test_staff import bearer
from voting.errors import Forbidden, NotCertifiable, Stale
from voting.fraud.sample import Cell
from voting.fraud.unconfirmed import staying
from voting.postgres.ballots import Ask, BallotRow
from voting.postgres.fraud import suspect_cells
from voting.postgres.fraud.suspect_cells import StoredCell
from voting.postgres.identity import confirmations
from voting.services.fraud.cells import Cells, CellWish, SuspectCell
from voting.services.fraud.review import ReviewAction, Reviews
from voting.services.second_person import Person
from voting.settings import Settings
from voting.wiring.admin import AdminServices

RULES = """
[voters]
channels = ["web"]
[verification]
share = 0.1
by = ["phone"]
[[quota]]
picks = 5
"""
WANG, LI = Person("key:1", "wang"), Person("key:2", "li")
A001 = {Cell("channel", "A001", "web"), Cell("network", "A001", "network")}
FACTS = json.dumps(["web", None, None, None, None, "network"])


def row(number: int, entry: str, asked: bool) -> BallotRow:
    voter, id = hashlib.sha256(f"{number}".encode()).digest()[:16], uuid.uuid4()
    ask = Ask("web", 0.1, "network", f"C{number}") if asked else None
    return BallotRow(voter, 1, "k", id, [entry], "count", (), id.bytes * 3, FACTS, "{}", tier="web", ask=ask)


async def attacked(contests: Contests, office: AdminServices, *, is_over: bool = True, wanted: int = 300) -> str:
    """A contest whose entry A001 has 60 people and so many invented voters; of the people asked, 2 in 3 confirmed."""
    end = timedelta(minutes=-1 if is_over else 600)
    contest = await contests.make(RULES, opens=timedelta(days=-2), closes=end)
    number: Iterator[int] = count()
    sizes = {1: 60, 2: 120} | dict.fromkeys(range(3, 11), 60)
    people = [
        row(next(number), f"A{entry:03d}", each % 4 == 0) for entry, size in sizes.items() for each in range(size)
    ]
    invented = [row(next(number), "A001", asked=each % 5 == 0) for each in range(wanted)]
    rows, at = sorted(people + invented), datetime.now(UTC) - timedelta(hours=3)
    await office.database.transact(lambda tx: insert_batch(tx, contest, rows, at))
    asked = [each.voter for each in people if each.ask]
    await confirm(office, contest, [voter for place, voter in enumerate(asked) if place % 3])
    return contest


async def confirm(office: AdminServices, contest: str, voters: Sequence[bytes]) -> None:
    """These voters confirm."""
    async with office.database.connection() as connection:
        for voter in voters:
            assert await confirmations.confirm(connection, contest, voter, "phone", voter)


async def unconfirmed_people(office: AdminServices, contest: str) -> list[bytes]:
    """Returns the people of A001 who have not confirmed."""
    people = [hashlib.sha256(f"{number}".encode()).digest()[:16] for number in range(60)]
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select voter from confirmations where contest = $1 and voter = any ($2) and confirmed_at is null",
            contest,
            people,
        )
    return [row["voter"] for row in rows]


async def open_cell(office: AdminServices, contest: str) -> SuspectCell:
    """Returns the cell of the entry's ballots on the web, the narrowest of those with too few answers."""
    snapshot = await office.contest_cache.renew(contest)
    await office.cells.watch(snapshot)
    found = {each.stored.cell.kind: each for each in await office.cells.all(snapshot)}
    assert {each.stored.cell.entry for each in found.values()} == {"A001"}
    assert found["channel"].stored.state == "open"
    return found["channel"]


async def decided(office: AdminServices, contest: str, cell: SuspectCell, wish: CellWish) -> StoredCell:
    snapshot = await office.contest_cache.renew(contest)
    for person, outcome in ((WANG, "proposed"), (LI, "decided")):
        found, after = await office.cells.decide(snapshot, cell.stored.cell.id, person, wish)
        assert found == outcome
    return after


async def waits_for_confirmations(settings: Settings) -> bool:
    """Whether somebody waits for the table of voters who were asked."""
    async with as_owner(settings) as owner:
        found: bool = await owner.fetchval(
            "select exists (select from pg_locks where relation = 'confirmations'::regclass and not granted)"
        )
    return found


async def test_the_base_sample_does_not_use_up_the_budget_of_suspected_cells(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await attacked(contests, office, wanted=40)

    async def raised() -> set[Cell]:
        await office.cells.watch(await office.contest_cache.renew(contest))
        return set((await office.contest_cache.renew(contest)).raised_shares)

    assert await raised() == A001, "a quarter of the voters was asked, none of them because of a suspicion"
    async with as_owner(settings) as owner:
        for asked, found in ((3, A001), (9, set())):
            # Chance 0.1 would have chosen a third of these.
            await owner.execute(
                "update confirmations set share = 0.3 where contest = $1 and voter in"
                " (select voter from confirmations where contest = $1 order by voter limit $2)",
                contest,
                asked,
            )
            assert await raised() == found, f"{asked} of 700"


async def test_a_cell_that_is_no_clear_case_is_named_when_a_day_of_the_vote_has_confirmed_it(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    """Each look is that of a new process. Waiting after the close is no confirmation: it closed a minute ago."""
    almost, after = timedelta(days=1, seconds=-30), timedelta(days=1, seconds=30)
    for is_over, length, state in (
        (False, almost, "suspected"),
        (False, after, "open"),
        (True, almost, "suspected"),
        (True, after, "open"),
    ):
        contest = await attacked(contests, office, is_over=is_over, wanted=65)
        await Cells(office.database).watch(await office.contest_cache.renew(contest))
        snapshot = await office.contest_cache.renew(contest)
        assert set(snapshot.raised_shares) == A001, "the first look gathers the answers that decide"
        since = min(datetime.now(UTC), snapshot.contest.closes_at) - length
        async with as_owner(settings) as owner:
            await owner.execute("update suspect_cells set material_since = $2 where contest = $1", contest, since)
        await Cells(office.database).watch(snapshot)
        async with office.database.connection() as connection:
            cells = {each.cell: each for each in await suspect_cells.select_all(connection, contest)}
        assert cells[Cell("channel", "A001", "web")].state == state, (is_over, length)


async def test_an_invented_cell_is_named_and_two_persons_decide_about_it(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await attacked(contests, office)
    cell = await open_cell(office, contest)
    id, snapshot = cell.stored.cell.id, await office.contest_cache.renew(contest)
    assert not snapshot.raised_shares, "people decide now: no more of its voters are asked by themselves"
    assert cell.estimate
    assert (cell.estimate.asked, cell.estimate.confirmed) == (75, 10)
    assert cell.estimate.low > 0.4
    assert cell.effect.decides
    with pytest.raises(NotCertifiable, match=id):
        await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    shown = run("review", "list", "--contest", contest, "--language", "en", env=environment_of(settings)).stdout
    assert "of 75 asked for A001 through web, 10 confirmed; elsewhere 6" in shown
    wish = CellWish("ask", "10 of 75", 2)
    async with as_owner(settings) as owner:
        async with owner.transaction():
            await owner.execute("lock table confirmations")
            deciding = asyncio.create_task(office.cells.decide(snapshot, id, WANG, wish))
            await eventually(lambda: waits_for_confirmations(settings))
            # While the sample is read, ballots can be cast.
            await owner.execute("select from gates where contest = $1 for update nowait", contest)
        assert (await deciding)[0] == "proposed"
    with pytest.raises(Forbidden):
        await office.cells.decide(snapshot, id, WANG, wish)
    with pytest.raises(Stale):
        await office.cells.decide(snapshot, id, LI, CellWish("ask", "x", 3))
    with pytest.raises(Forbidden):
        await office.cells.decide(snapshot, id, Person("shell:root"), wish)
    assert (await office.cells.decide(snapshot, id, LI, CellWish("undo", "not yet")))[0] == "withdrawn"
    assert (await decided(office, contest, cell, wish)).state == "asked"
    assert (await decided(office, contest, cell, CellWish("undo", "wrong cell"))).state == "open"


async def let_the_time_end(settings: Settings, contest: str) -> None:
    """Also for one who denied a ballot before all were asked: that voter has not confirmed, and is not asked again."""
    async with as_owner(settings) as owner:
        await owner.execute("update confirmations set due_at = now() - interval '1 second' where contest = $1", contest)
        await owner.execute(
            "update confirmations set denied_at = now(), due_at = null where contest = $1 and voter = $2",
            contest,
            hashlib.sha256(b"700").digest()[:16],
        )


async def two_come_too_late(office: AdminServices, settings: Settings, contest: str) -> None:
    """They tell the organiser their codes; that their ballots count again is nobody's decision."""
    snapshot = await office.contest_cache.renew(contest)
    async with as_owner(settings) as owner:
        codes = await owner.fetch(
            "select code from confirmations join ballots using (contest, voter) where contest = $1 and state = 'void'"
            " limit 2",
            contest,
        )
        for late in codes:
            await office.disowning.by_host(snapshot, late["code"], "they brought their passports", WANG)
        await office.cells.settle(snapshot)
        acts = await owner.fetch(
            "select actor, details::jsonb -> 'ballots' as ballots from audit_log"
            " where contest = $1 and action = 'cell.count'",
            contest,
        )
    assert [tuple(act) for act in acts] == [("confirmations", "2")]


async def test_what_stays_unconfirmed_is_void_after_the_stated_time_and_can_be_counted_again(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await attacked(contests, office)
    before = await tally(office.database, contest)
    cell = await open_cell(office, contest)
    await decided(office, contest, cell, CellWish("ask", "10 of 75", 2))
    snapshot, cells = await office.contest_cache.renew(contest), office.cells
    await cells.settle(snapshot)
    assert await tally(office.database, contest) == before, "they have two hours"
    with pytest.raises(NotCertifiable, match="may confirm until"):
        await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    people = await unconfirmed_people(office, contest)
    assert len(people) == 50, "all its voters are asked"
    await confirm(office, contest, people[:40])
    await let_the_time_end(settings, contest)
    # As many are unconfirmed elsewhere for 50 who confirm, if a fifth of those more confirms now; 9 people are here.
    stay = staying(50, cell.estimate.elsewhere) if cell.estimate else 0
    assert 9 < stay < 25
    for _ in range(2):
        await cells.settle(snapshot)
        void = dict(before) | {"A001": (360, 0, 50 + stay)}
        assert await tally(office.database, contest) == void, "the ballots of others are untouched"
    await two_come_too_late(office, settings, contest)
    stay += 2
    assert (await tally(office.database, contest))["A001"] == (360, 0, 50 + stay), "their ballots count again"
    # It is a group with its reason, that reviewers can count again.
    reviews = Reviews(office.database, 1000)
    (group,) = await reviews.all(snapshot)
    assert (group.group.state, group.group.ballots, group.group.reasons) == ("void", 310 - stay, ["V1"])
    for person in (WANG, LI):
        await reviews.rule(snapshot, group.group.id, person, ReviewAction("release", "they came by bus"))
    await cells.settle(snapshot)
    assert (await tally(office.database, contest))["A001"] == (360, 0, 360), "what reviewers released stays"
    for person in (WANG, LI):
        await reviews.rule(snapshot, group.group.id, person, ReviewAction("void", "no, they did not"))
    made = await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    assert made.tallies["A001"].counted == 50 + stay
    done = run("events", "export", "--contest", contest, "--labels", env=environment_of(settings))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    answers = [line["verification"] for line in lines if line["verification"]]
    assert (len(answers), answers[0].keys()) == (165 + 60, {"asked", "confirmed", "share"})
    assert {line["label"]["ruling"] for line in lines if line["label"]} == {"unconfirmed"}


async def test_a_cell_is_accepted_with_a_written_ground(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await attacked(contests, office)
    cell = await open_cell(office, contest)
    snapshot = await office.contest_cache.renew(contest)
    for each in await office.cells.all(snapshot):
        await decided(office, contest, each, CellWish("accept", "a choir without phones, visited"))
    await office.cells.watch(snapshot)
    made = await certifier(office.database, find_nothing).certify(snapshot, POLICY)
    assert made.tallies["A001"].counted == 360
    async with as_owner(settings) as owner:
        log = await owner.fetchval(
            "select count(*) from audit_log where contest = $1 and action = 'cell.decide'"
            " and details ->> 'reason' = 'a choir without phones, visited' and details ->> 'cell' = $2",
            contest,
            cell.stored.cell.id,
        )
    assert log == 1


async def test_the_api_shows_and_decides_cells(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await attacked(contests, office, is_over=False)
    cell = (await open_cell(office, contest)).stored.cell.id
    path = f"/api/v1/staff/contests/{contest}/cells"
    keys = [bearer(await contests.staff_key("organiser", contest, name)) for name in ("wang", "li")]
    shown = (await http.get(path, headers=keys[0])).json()["cells"][0]
    assert (shown["entry"], shown["state"], shown["estimate"]["asked"]) == ("A001", "open", 75)
    assert "据样本估计" in shown["words"]["zh"]
    assert (
        await http.post(f"{path}/{cell}/decisions", json={"action": "ask", "reason": "x"}, headers=keys[0])
    ).status_code == 400
    wish = {"action": "ask", "reason": "10 of 75", "hours": 48}
    for key, status in zip(keys, (202, 200), strict=True):
        assert (await http.post(f"{path}/{cell}/decisions", json=wish, headers=key)).status_code == status
    snapshot = await office.contest_cache.renew(contest)
    assert max(snapshot.raised_shares.values()) == 1.0, "whoever votes in it from now on is asked, too"


async def test_a_contest_without_invented_voters_has_no_cell(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await attacked(contests, office)
    async with as_owner(settings) as owner:
        await owner.execute(
            "update confirmations set confirmed_at = now() where contest = $1 and hashtext(code) % 3 <> 0", contest
        )
    snapshot = await office.contest_cache.renew(contest)
    await Cells(office.database).watch(snapshot)
    assert await office.cells.all(snapshot) == ()
