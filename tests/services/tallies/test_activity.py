"""What each minute of a vote brought: stored once, from the ballots, and refusals beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import msgspec

from tests.conftest import Contests, as_owner, eventually
from tests.fraud.rings import Cast, record
from voting.domain.contest.calendar import last_multiple
from voting.fraud.facts.facts import Facts
from voting.postgres import activity, clients, leases, tallies
from voting.postgres.clients import ClientRow
from voting.services.tallies import board_events
from voting.services.tallies.activity import Activities
from voting.services.tallies.projection import Reading
from voting.services.tallies.reader import Shown
from voting.settings import Settings
from voting.wiring.admin import AdminServices

PHONE = Facts(channel="wechat", app="wechat")
DESK = Facts(channel="web")


def agent_of(voter: int) -> int:
    """Returns the agent in the facts of the voter with this number: see `record`."""
    return 1 + voter % 7


async def test_minutes_are_stored_once_and_decisions_are_those_of_now(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(opens=timedelta(minutes=-5))
    snapshot = await office.contest_cache.get(contest)
    activities = Activities(office.database, office.contest_cache)
    minute = last_multiple(1, datetime.now(UTC)) - timedelta(minutes=3)
    async with office.database.connection() as connection:
        await clients.insert(connection, [ClientRow(contest, agent_of(1), "wechat", "mobile", "WeChat", "Android")])
    casts = [Cast(1, "A001", seen=PHONE), Cast(1, "A002", seen=PHONE), Cast(2, "A001", None, "hold", DESK)]
    await record(office.database, contest, casts, datetime.now(UTC) - minute - timedelta(seconds=10))
    for _ in range(2):
        await activities.store(snapshot)
    refused = {(contest, minute, "quota_exhausted"): 2}
    worker = uuid4()
    async with office.database.connection() as connection:
        unread = {(contest, minute - timedelta(hours=3), "quota_exhausted"): 9}
        await activity.store_refused(connection, unread, worker)
    for holder, sums in ((uuid4(), refused), (worker, refused), (worker, refused), (worker, dict.fromkeys(refused, 1))):
        async with office.database.connection() as connection:
            await activity.store_refused(connection, sums, holder)
    activities.note_refused(contest, {"quota_exhausted": 3})
    activities.note_refused("no-such-contest", {"quota_exhausted": 5})
    for _ in range(2):
        await activities.round()
    seen = await activities.read(snapshot)
    (busy,) = [each for each in seen.minutes if each.channels.total()]
    assert (busy.at, busy.channels, busy.held, busy.void) == (minute, {"wechat": 2, "web": 1}, 1, 0)
    assert busy.refused == {"quota_exhausted": 4}, "each worker's sum, whatever came again or late"
    assert seen.minutes[-1].at > minute, "a minute without ballots, watched, has a figure"
    assert (seen.apps["wechat"], seen.devices["mobile"]) == (2, 2)
    assert (seen.present.voters, seen.present.workers > 0) == (2, True)
    async with as_owner(settings) as owner:
        await owner.execute("update ballots set state = 'void' where contest = $1 and state = 'hold'", contest)

        async def forgotten() -> bool:
            # By these activities, or by the service's of other tests, which may hold the lease.
            await activities.round()
            return bool(await owner.fetchval("select sum(refused) from refusals where contest = $1", contest) == 7)

        await eventually(forgotten)
        # A ballot that comes to light later, such as after a restore, does not change what was stored.
        assert await owner.fetchval("select sum(ballots) from ballot_minutes where contest = $1", contest) == 3
    (busy,) = [each for each in (await activities.read(snapshot)).minutes if each.channels.total()]
    assert (busy.held, busy.void) == (0, 1)


async def test_an_unwatched_minute_without_ballots_is_missing(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(opens=timedelta(minutes=-30))
    snapshot = await office.contest_cache.get(contest)
    activities = Activities(office.database, office.contest_cache)
    minute = last_multiple(1, datetime.now(UTC)) - timedelta(minutes=20)
    await record(office.database, contest, [Cast(1, "A001", seen=DESK)], datetime.now(UTC) - minute)
    await activities.store(snapshot)
    seen = [each.at for each in (await activities.read(snapshot)).minutes]
    assert seen[0] == minute
    assert minute + timedelta(minutes=1) not in seen


async def test_minutes_go_on_after_hours_without_ballots(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(opens=timedelta(hours=-9))
    snapshot = await office.contest_cache.get(contest)
    activities = Activities(office.database, office.contest_cache)
    for voter, hours in ((1, 7), (2, 3), (3, 0.1)):
        await record(office.database, contest, [Cast(voter, "A001", seen=DESK)], timedelta(hours=hours))
    for _ in range(2):
        await activities.store(snapshot)
        seen = await activities.read(snapshot)
        assert seen.present.voters == 3
        assert [minute.channels.total() for minute in seen.minutes if minute.channels.total()] == [1]
    await record(office.database, contest, [Cast(4, "A001", seen=DESK)], timedelta(seconds=1))
    assert (await activities.read(snapshot)).present.voters == 4, "one whose minute is not stored yet"


async def test_places_are_compared_with_the_stored_tally(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(opens=timedelta(hours=-2))
    snapshot = await office.contest_cache.get(contest)
    activities = Activities(office.database, office.contest_cache)
    await record(office.database, contest, [Cast(1, "A002", seen=DESK)], timedelta(minutes=70))
    async with as_owner(settings) as owner:
        await owner.execute(
            "insert into shown_tallies values ($1, $2, $3)",
            contest,
            last_multiple(5, datetime.now(UTC) - timedelta(minutes=60)),
            msgspec.json.encode([["A002", 1, 0, 1]]).decode(),
        )
    seen = await activities.read(snapshot)
    places = board_events.places_before(snapshot, seen)
    assert set(places) == {"60"}
    assert (places["60"]["places"]["A002"], places["60"]["places"]["A001"]) == (1, 2)
    # The ballot counted an hour ago, and what was stored five minutes later is missing.
    async with as_owner(settings) as owner:
        moment = last_multiple(5, datetime.now(UTC))
        rows = [(moment - timedelta(minutes=10), 1), (moment - timedelta(minutes=5), 4)]
        await owner.executemany(
            "insert into shown_tallies values ($1, $2, $3)",
            [(contest, at, msgspec.json.encode([["A002", count, 0, count]]).decode()) for at, count in rows],
        )
    gained = board_events.trend(snapshot, await activities.read(snapshot))
    assert (set(gained["entries"]), gained["entries"]["A002"][-2:]) == ({"A002"}, [3, None])


async def test_one_process_stores_for_all_and_ended_ones_are_forgotten(
    contests: Contests, office: AdminServices
) -> None:
    one, two = (Activities(office.database, office.contest_cache) for _ in range(2))
    await one.round()
    async with office.database.connection() as connection:
        holder = await connection.fetchval("select holder from leases where name = 'activity'")
    await two.round()
    async with office.database.connection() as connection:
        assert await connection.fetchval("select holder from leases where name = 'activity'") == holder
        await leases.take(connection, "worker gone", holder, -4000.0)
        await office.database.transact(lambda tx: leases.take(tx, "activity", holder, 0.0))

    async def forgotten() -> bool:
        # By the other one, or by the service of other tests, which may take the lease first.
        await two.round()
        async with office.database.connection() as connection:
            return not await connection.fetchval("select count(*) from leases where name = 'worker gone'")

    await eventually(forgotten)


async def test_the_screen_shows_only_what_voters_see(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(entries=12)
    snapshot = await office.contest_cache.get(contest)
    await record(office.database, contest, [Cast(1, "A001", None, "hold", DESK), Cast(2, "A002", seen=DESK)])
    present = await Activities(office.database, office.contest_cache).read(snapshot)
    async with office.database.connection() as connection:
        reading = Reading(await tallies.select(connection, contest), snapshot.now())
    hidden = board_events.screen(snapshot, Shown(snapshot.now(), None, "hidden"), reading, present)
    assert (hidden["total"], hidden["entries"]) == (2, [])
    shown = board_events.screen(
        snapshot,
        Shown(snapshot.now(), {"A001": 1, "A002": 1} | dict.fromkeys(list(snapshot.entries)[2:], 0), "t"),
        reading,
        present,
    )
    assert [(row["entry"], row["picks"], row["rank"]) for row in shown["entries"]] == [("A001", 1, 1), ("A002", 1, 1)]
    assert board_events.at_stake(snapshot, reading.tallies) == 1
