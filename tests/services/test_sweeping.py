"""The rounds of near-line sweeps: which ballots they read, and that only one process makes them."""

from __future__ import annotations

import uuid
from datetime import timedelta

import polars as pl

from tests.conftest import Contests
from tests.fraud.rings import POLICY, crowd, find_nothing, find_rings, history, record, tally
from voting.fraud.findings import Stage, Sweep
from voting.fraud.policy import Policy
from voting.postgres import leases
from voting.services.sweeping import LEASE, Sweeping
from voting.settings import Settings
from voting.wiring import Office


class Seen:
    """A detector that remembers how many ballots each sweep of a contest had."""

    def __init__(self, entry: str) -> None:
        self.sizes: list[int] = []
        self._entry = entry

    def find(self, ballots: pl.DataFrame, policy: Policy, stage: Stage, takers: pl.Series | None = None) -> Sweep:
        if self._entry in ballots["entry"].to_list():
            self.sizes.append(ballots.height)
        return find_rings(ballots, policy, stage)


EVERY = timedelta(minutes=15)


async def test_a_round_looks_at_the_last_hours_up_to_its_moment(contests: Contests, office: Office) -> None:
    contest = await contests.make(opens=timedelta(days=-2), entries=50)
    seen = Seen("A042")
    sweeping = Sweeping(office.database, POLICY, seen.find)
    await record(office.database, contest, crowd(0, 7, "A042"), timedelta(hours=20))
    await record(office.database, contest, [*crowd(20, 10, "A042"), *crowd(50, 5, "A002", "ring-1")], 2 * EVERY)
    await record(office.database, contest, crowd(90, 3, "A002", "ring-1"), timedelta(seconds=1))
    await sweeping.round()
    assert seen.sizes == [15]
    assert (await tally(office.database, contest))["A002"] == (8, 5, 3)
    await sweeping.round()
    assert seen.sizes == [15], "it was done"
    assert await history(office.database, contest) == [("nearline", "hold", 5)]


async def test_closed_contests_are_left_to_certification(contests: Contests, office: Office) -> None:
    closed = await contests.make(opens=timedelta(hours=-2), closes=timedelta(minutes=-1))
    await record(office.database, closed, crowd(0, 10, "A001", "ring-1"), timedelta(minutes=30))
    await Sweeping(office.database, POLICY, find_rings).round()
    assert await tally(office.database, closed) == {"A001": (10, 0, 10)}


async def test_only_one_process_sweeps_and_another_takes_over_from_a_dead_one(
    contests: Contests, office: Office
) -> None:
    contest, other = await contests.make(opens=-3 * EVERY), uuid.uuid4()
    await record(office.database, contest, crowd(0, 10, "A001", "ring-1"), 2 * EVERY)
    assert await office.database.transact(lambda tx: leases.take(tx, LEASE, other, 60))
    sweeping = Sweeping(office.database, POLICY, find_rings)
    assert (await sweeping.round()).held == 0
    assert await office.database.transact(lambda tx: leases.take(tx, LEASE, other, -1)), "it has ended"
    await sweeping.round()
    assert await tally(office.database, contest) == {"A001": (10, 10, 0)}
    assert await office.database.transact(lambda tx: leases.take(tx, LEASE, other, -1)), "the round gives it back"


async def test_what_was_found_by_one_who_lost_the_lease_is_not_put_into_force(
    contests: Contests, office: Office, settings: Settings
) -> None:
    contest = await contests.make(opens=-3 * EVERY)
    await record(office.database, contest, crowd(0, 10, "A001", "ring-1"), 2 * EVERY)

    class Slow:
        """Finds rings after another process has taken the lease, as if this one had slept."""

        def find(self, ballots: pl.DataFrame, policy: Policy, stage: Stage, takers: pl.Series | None = None) -> Sweep:
            import asyncio

            import asyncpg

            async def steal() -> None:
                connection = await asyncpg.connect(settings.database_url)
                await connection.execute("update leases set holder = gen_random_uuid() where name = $1", LEASE)
                await connection.close()

            asyncio.run(steal())
            return find_rings(ballots, policy, stage)

    await Sweeping(office.database, POLICY, Slow().find).round()
    assert await tally(office.database, contest) == {"A001": (10, 0, 10)}
    async with office.database.connection() as connection:
        await connection.execute("delete from leases")
    await Sweeping(office.database, POLICY, find_nothing).round()
