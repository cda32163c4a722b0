"""The rounds of near-line sweeps: the ballots they read, and that only one process runs them."""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest
from prometheus_client import REGISTRY

from tests.conftest import Contests
from tests.fraud.rings import POLICY, crowd, find_nothing, find_rings, history, record, tally
from voting.fraud.features.frame import frame
from voting.fraud.features.history import Past
from voting.fraud.features.preprocess import prepare
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Stage, Sweep
from voting.postgres import leases
from voting.services.fraud.sweeping import LEASE, Sweeping, compared
from voting.settings import Settings
from voting.wiring.admin import AdminServices


class Seen:
    """A detector that remembers the number of ballots of each sweep of the contest with this device.

    Rounds look at the contests that other tests left open, too.
    """

    def __init__(self, device: str) -> None:
        self.sizes: list[int] = []
        self._device = device

    def find(self, ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
        if self._device in ballots["device"].to_list():
            self.sizes.append(ballots.height)
        return find_rings(ballots, policy, stage)


EVERY = timedelta(minutes=15)


async def test_a_round_looks_at_the_last_hours_up_to_its_moment(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(opens=timedelta(days=-2), entries=50)
    seen = Seen("seen")
    sweeping = Sweeping(office.database, POLICY, detect=seen.find)
    await record(office.database, contest, crowd(0, 7, "A042"), timedelta(hours=20))
    await record(office.database, contest, [*crowd(20, 10, "A042", "seen"), *crowd(50, 5, "A002", "ring-1")], 2 * EVERY)
    await record(office.database, contest, crowd(90, 3, "A002", "ring-1"), timedelta(seconds=1))
    await sweeping.round()
    assert seen.sizes == [15]
    assert (await tally(office.database, contest))["A002"] == (8, 5, 3)
    await sweeping.round()
    assert seen.sizes == [15], "it was done"
    assert await history(office.database, contest) == [("nearline", "hold", 5)]


async def test_closed_contests_are_left_to_certification(contests: Contests, office: AdminServices) -> None:
    closed = await contests.make(opens=timedelta(hours=-2), closes=timedelta(minutes=-1))
    await record(office.database, closed, crowd(0, 10, "A001", "ring-1"), timedelta(minutes=30))
    await Sweeping(office.database, POLICY, detect=find_rings).round()
    assert await tally(office.database, closed) == {"A001": (10, 0, 10)}


async def test_only_one_process_sweeps_and_another_takes_over_from_a_dead_one(
    contests: Contests, office: AdminServices
) -> None:
    contest, other = await contests.make(opens=-3 * EVERY), uuid.uuid4()
    await record(office.database, contest, crowd(0, 10, "A001", "ring-1"), 2 * EVERY)
    assert await office.database.transact(lambda tx: leases.take(tx, LEASE, other, 60))
    sweeping = Sweeping(office.database, POLICY, detect=find_rings)
    assert (await sweeping.round()).held == 0
    assert await office.database.transact(lambda tx: leases.take(tx, LEASE, other, -1)), "it has ended"
    await sweeping.round()
    assert await tally(office.database, contest) == {"A001": (10, 10, 0)}
    assert await office.database.transact(lambda tx: leases.take(tx, LEASE, other, -1)), "the round gives it back"


async def test_findings_after_losing_the_lease_are_not_applied(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await contests.make(opens=-3 * EVERY)
    await record(office.database, contest, crowd(0, 10, "A001", "ring-1"), 2 * EVERY)

    class Slow:
        """Finds rings after another process has taken the lease, as if this one had slept."""

        def find(self, ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
            import asyncio

            import asyncpg

            async def steal() -> None:
                connection = await asyncpg.connect(settings.database_url)
                await connection.execute("update leases set holder = gen_random_uuid() where name = $1", LEASE)
                await connection.close()

            asyncio.run(steal())
            return find_rings(ballots, policy, stage)

    await Sweeping(office.database, POLICY, detect=Slow().find).round()
    assert await tally(office.database, contest) == {"A001": (10, 0, 10)}
    async with office.database.connection() as connection:
        await connection.execute("delete from leases")
    await Sweeping(office.database, POLICY, detect=find_nothing).round()


SHADOW = replace(POLICY, version="shadow")


def looked(decided: str, shadow: str) -> float:
    """Returns the metric's value of this process."""
    labels = {"stage": "nearline", "policy": SHADOW.version, "decided": decided, "shadow": shadow}
    return REGISTRY.get_sample_value("voting_shadow_total", labels) or 0


def find_other_rings(ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
    """Finds the voters with the device `other` as a ring, too, and those of ring-unlike as none."""
    if policy is SHADOW:
        unlike = pl.when(device="other").then(pl.lit("ring-c")).when(pl.col("device") != "ring-unlike").then("device")
        ballots = ballots.with_columns(device=unlike)
    return find_rings(ballots, policy, stage)


async def test_a_shadow_policy_is_counted_and_logged_and_decides_nothing(
    contests: Contests, office: AdminServices, caplog: pytest.LogCaptureFixture
) -> None:
    contest = await contests.make(opens=-3 * EVERY, entries=50)
    rings = [*crowd(0, 5, "A001", "ring-a"), *crowd(10, 4, "A001", "ring-unlike")]
    await record(office.database, contest, [*rings, *crowd(20, 3, "A043", "other"), *crowd(30, 2, "A003")], 2 * EVERY)
    kinds = [(decided, shadow) for decided in ("hold", "count") for shadow in ("hold", "count")]
    before = [looked(*kind) for kind in kinds]
    with caplog.at_level(logging.INFO, "voting"):
        await Sweeping(office.database, POLICY, SHADOW, find_other_rings).round()
    assert await tally(office.database, contest) == {"A001": (9, 9, 0), "A003": (2, 0, 2), "A043": (3, 0, 3)}
    assert await history(office.database, contest) == [("nearline", "hold", 9)]
    both, force, shadow, neither = (looked(*kind) - former for kind, former in zip(kinds, before, strict=True))
    assert (force, shadow) == (4, 3)
    assert (both >= 5, neither >= 2) == (True, True), "the round looked at other tests' contests, too"
    told = f"5 ballots held by both, 4 by policy {POLICY.version} alone, 3 by its shadow shadow alone"
    assert f"sweep of {contest}: {told}" in caplog.messages


async def test_a_shadow_that_fails_stops_nothing(
    contests: Contests, office: AdminServices, caplog: pytest.LogCaptureFixture
) -> None:
    contest = await contests.make(opens=-3 * EVERY)
    await record(office.database, contest, crowd(0, 10, "A001", "ring-1"), 2 * EVERY)

    def fail(ballots: pl.DataFrame, policy: SweepPolicy, stage: Stage, past: Past | None = None) -> Sweep:
        if policy is SHADOW:
            raise KeyError("no_such_feature")
        return find_rings(ballots, policy, stage)

    assert (await Sweeping(office.database, POLICY, SHADOW, fail).round()).held == 10
    assert await tally(office.database, contest) == {"A001": (10, 10, 0)}
    assert f"sweep of {contest}: the shadow policy shadow failed" in caplog.messages


def test_a_ballot_is_held_when_any_of_its_picks_is() -> None:
    ids = pl.Series("id", ["a", "a", "b", "b", "c"])
    found, shadow = (
        Sweep(pl.DataFrame([ids, pl.Series("hold", hold)]), (), prepare(frame([])))
        for hold in ([True, False, False, False, False], [False, True, False, False, True])
    )
    assert compared(found, shadow) == Counter({("hold", "hold"): 1, ("count", "count"): 1, ("count", "hold"): 1})
