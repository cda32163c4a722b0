"""A pause by one of several persons ends by itself unless another one confirms it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import Contests, as_owner
from tests.services.test_second_person import hire
from voting.errors import Forbidden, PauseUsed
from voting.services.contests.admin import UNCONFIRMED_PAUSE
from voting.services.contests.pauses import Pauses
from voting.settings import Settings
from voting.wiring.admin import AdminServices


async def paused(office: AdminServices, contest: str) -> bool:
    return (await office.contest_cache.renew(contest)).paused


async def test_a_pause_stays_only_if_a_second_person_confirms_it(
    contests: Contests, office: AdminServices, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    contest, pauses, admin = await contests.make(), Pauses(office.database), office.contest_admin
    li, zhang = await hire(office, contest), await hire(office, contest)

    async def late() -> None:
        async with as_owner(settings) as owner:
            await owner.execute(
                "update proposals set proposed_at = proposed_at - $2::interval where contest = $1",
                contest,
                UNCONFIRMED_PAUSE + timedelta(seconds=1),
            )
        await pauses.round()

    until = await admin.pause(contest, "an outage", li)
    assert until
    await pauses.round()
    assert await paused(office, contest), "half an hour is not over"
    with pytest.raises(Forbidden, match="takes a second person"):
        await admin.pause(contest, "for longer", li)
    await late()
    assert not await paused(office, contest)
    with pytest.raises(PauseUsed):
        await admin.pause(contest, "half an hour more", li)
    for who, has_end in ((zhang, True), (li, False), (zhang, False)):
        assert bool(await admin.pause(contest, "again", who)) == has_end
    await late()
    assert await paused(office, contest)
    # An end by a person leaves nothing of which a later pause could be the confirmation.
    await admin.resume(contest)
    assert await admin.pause(contest, "once more: the last one was confirmed", zhang)
    await admin.resume(contest)
    for who in (li, zhang):
        with pytest.raises(PauseUsed):
            await admin.pause(contest, "too early", who)
    monkeypatch.setattr("voting.services.contests.admin.PAUSE_REST", timedelta())
    assert await admin.pause(contest, "by another one", li)
    async with office.database.connection() as connection:
        resumed = await connection.fetch(
            "select actor, details ->> 'reason' as why from audit_log where contest = $1 and action = 'contest.resume'"
            " order by seq",
            contest,
        )
    assert tuple(resumed[0]) == ("serve", "no second person confirmed the pause within 30 minutes")


async def test_where_one_person_decides_alone_a_pause_stays(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    await hire(office, contest, "reviewer")
    assert await office.contest_admin.pause(contest) is None, "a reviewer may not pause, and is no second person"
