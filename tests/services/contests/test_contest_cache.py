"""What workers read every few seconds: contests that are current or were asked for lately, however many are past."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.conftest import Contests, as_owner
from voting.errors import ContestUnknown
from voting.postgres.queries import named
from voting.services.contests import contest_cache
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.settings import Settings
from voting.wiring.admin import AdminServices


def ids(snapshots: tuple[ContestSnapshot, ...]) -> set[str]:
    return {snapshot.contest.id for snapshot in snapshots}


async def test_a_past_contest_is_read_only_after_it_was_asked_for(
    contests: Contests, office: AdminServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    hour = timedelta(hours=1)
    past = await contests.make(opens=-50 * hour, closes=-25 * hour)
    over = await contests.make(opens=-50 * hour, closes=-23 * hour)
    soon, later = [await contests.make(opens=number * hour) for number in (0.9, 2)]
    running = await contests.make()
    mine = {past, over, soon, later, running}
    # As each process has its own.
    cache = ContestCache(office.database)
    assert ids(await cache.all()) >= mine
    assert ids(await cache.active()) & mine == {over, soon, running}
    assert cache.known(past) is None, "a list does not read the entries of every contest"
    assert len((await cache.get(past)).entries) == 12
    assert ids(await cache.active()) & mine == {past, over, soon, running}
    assert {each.contest.id: len(each.entries) for each in await cache.all()}[past] == 12, "what is known is used"
    monkeypatch.setattr(contest_cache, "ACTIVE_SECONDS", 0.0)
    assert ids(await cache.active()) & mine == {over, soon, running}, "a list asks for none"
    with pytest.raises(ContestUnknown):
        await cache.get("no-such-contest")


async def test_a_list_decodes_each_contest_once(contests: Contests, office: AdminServices) -> None:
    mine = await contests.make(opens=timedelta(hours=2))
    cache = ContestCache(office.database)
    first = {snapshot.contest.id: snapshot.contest for snapshot in await cache.all()}
    again = {snapshot.contest.id: snapshot.contest for snapshot in await cache.all()}
    assert cache.known(mine) is None
    assert all(again[id] is contest for id, contest in first.items())
    await office.contest_admin.pause(mine)
    changed = {snapshot.contest.id: snapshot for snapshot in await cache.all()}
    assert changed[mine].paused


async def test_thousands_of_past_contests_are_not_read(settings: Settings, contests: Contests) -> None:
    await contests.make()
    async with as_owner(settings) as connection:
        transaction = connection.transaction()
        await transaction.start()
        try:
            await connection.execute(
                "insert into contests (id, uid, document, opens_at, closes_at, hash_key)"
                " select 'past-' || n, gen_random_uuid(), repeat('x', 2000), now() - n * interval '1 day',"
                " now() - n * interval '1 day' + interval '1 hour', '' from generate_series(3, 5000) as n"
            )
            await connection.execute("analyze contests")
            plan = [row[0] for row in await connection.fetch(f"explain {named('contests')['select_current']}")]
        finally:
            await transaction.rollback()
    assert any("contests_by_end" in line for line in plan), plan
