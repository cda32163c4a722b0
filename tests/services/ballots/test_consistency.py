"""What the tables' owner changes by SQL is found by the rows that were written beside it."""

from __future__ import annotations

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, cast, environment_of
from tests.fraud.rings import POLICY, SCRIPT, Cast, certifier, crowd, record
from tests.services.fraud.test_certify import closed
from voting.errors import NotCertifiable
from voting.services.ballots.consistency import check_consistency
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.review import ReviewAction, Reviews
from voting.services.second_person import Person
from voting.settings import Settings
from voting.wiring.admin import AdminServices

ONE = "ctid = (select ctid from ballots where contest = $1 and {} order by recorded_at limit 1)"
COUNTED = ONE.format("state = 'count'")
CAST_HELD = ONE.format("state = 'hold' and group_id is null")
IN_RING = ONE.format("state = 'hold' and group_id is not null")
ANOTHER = "(select voter from ballots where contest = $1 order by recorded_at desc limit 1)"
STATE = "ballots are in another state than the last decision about them says"
GONE = "ballots are gone that decisions name"
VOTER = "ballots belong to another voter than their batch says"
ORDINAL = "ballots do not follow their voter's former ballot, which is gone"
PLANTS = {
    "void without a decision": (f"update ballots set state = 'void', reasons = '{{C1}}' where {COUNTED}", 1, STATE),
    "held without a decision": (f"update ballots set state = 'hold', reasons = '{{C1}}' where {COUNTED}", 1, STATE),
    "counted though held at casting": (
        f"update ballots set state = 'count', reasons = '{{}}' where {CAST_HELD}",
        1,
        STATE,
    ),
    "counted though held by a sweep": (
        f"update ballots set state = 'count', reasons = '{{}}', group_id = null where {IN_RING}",
        1,
        STATE,
    ),
    "out of its group": (f"update ballots set group_id = null where {IN_RING}", 1, STATE),
    "gone though decided about": (f"delete from ballots where {CAST_HELD}", 1, GONE),
    "a first ballot gone": (f"update ballots set ordinal = 2 where {COUNTED}", 1, ORDINAL),
    "a new voter's": (f"update ballots set voter = '\\x01' where {COUNTED}", 1, VOTER),
    "its batch says another": (
        f"update batches set voters = '{{}}' where id = (select batch from ballots where {COUNTED})",
        1,
        VOTER,
    ),
}


async def planted(contests: Contests, snapshot: ContestSnapshot, sql: str) -> None:
    async with as_owner(contests.settings) as connection:
        await connection.execute(sql, snapshot.contest.id)


@pytest.mark.parametrize("plant", PLANTS)
async def test_a_change_past_the_service_is_found(contests: Contests, office: AdminServices, plant: str) -> None:
    snapshot = await office.contest_cache.get(await closed(contests, office))
    assert await check_consistency(office.database, snapshot.contest.id) == []
    sql, count, words = PLANTS[plant]
    await planted(contests, snapshot, sql)
    (line,) = await check_consistency(office.database, snapshot.contest.id)
    assert line.startswith(f"{count} {words}: ")


async def test_recount_and_certify_find_changed_ballots_despite_an_adjusted_tally(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    snapshot = await office.contest_cache.get(await closed(contests, office))
    await planted(contests, snapshot, PLANTS["void without a decision"][0])
    await office.recounts.mend(snapshot, "as its planter would")
    done = run("recount", "--contest", snapshot.contest.id, env=environment_of(settings))
    assert (done.returncode, done.stdout.partition(": ")[0]) == (1, f"1 {STATE}")
    assert "find out who, and restore them from a backup" in done.stderr
    with pytest.raises(NotCertifiable, match=f"1 {STATE}"):
        await certifier(office.database).certify(snapshot, POLICY)


async def test_nothing_is_reported_after_every_legal_act(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    snapshot, reviews = await office.contest_cache.get(await closed(contests, office)), Reviews(office.database, 20)
    one, two = Person("key:1", "wang"), Person("key:2", "li")
    for action in ("void", "undo", "release"):
        for person in (one, two):
            await reviews.rule(snapshot, "ring-1", person, ReviewAction(action, "seen"))
        assert await check_consistency(office.database, snapshot.contest.id) == []
    # Personal data may be erased before the ballots are certified.
    await planted(contests, snapshot, "update batches set facts = '[null]' where contest = $1 and id % 3 = 0")
    await certifier(office.database).propose(snapshot, POLICY)
    await certifier(office.database).certify(snapshot, POLICY)
    assert run("verify", "results", "--contest", snapshot.contest.id, env=environment_of(settings)).returncode == 0
    await certifier(office.database).reopen(snapshot, "an objection")
    assert await check_consistency(office.database, snapshot.contest.id) == []
    await certifier(office.database).certify(snapshot, POLICY)
    for command in (("verify", "results"), ("recount",)):
        done = run(*command, "--contest", snapshot.contest.id, env=environment_of(settings))
        assert done.returncode == 0, done.stdout


async def test_states_exchanged_after_the_certification_are_found(
    contests: Contests, office: AdminServices, settings: Settings
) -> None:
    contest = await closed(contests, office)
    await record(office.database, contest, [*crowd(700, 1, "A003"), Cast(800, "A003", state="hold", seen=SCRIPT)])
    snapshot = await office.contest_cache.get(contest)
    await certifier(office.database).certify(snapshot, POLICY)
    # One for another of the same entry: the tally stays.
    await planted(
        contests,
        snapshot,
        "update ballots set state = case state when 'void' then 'count' else 'void' end"
        " where contest = $1 and picks = '{A003}' and voter in"
        " (select min(voter::text)::bytea from ballots where contest = $1 and picks = '{A003}' group by state)",
    )
    done = run("verify", "results", "--contest", contest, env=environment_of(settings))
    assert (done.returncode, "differs" in done.stdout, f"2 {STATE}" in done.stdout) == (1, False, True), done.stdout


async def test_a_cast_ballot_has_its_traces(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(
        '[ballot]\nmost = 3\n[[quota]]\npicks = 5\n[[quota]]\nballots = 2\n[[quota]]\npicks = 1\nper = "entry"\n'
    )
    for token in contests.tokens(contest, 3):
        for picks in (["A001", "A002"], ["A003"], ["A004"]):
            await cast(http, contest, token, picks)
    # Who was refused has a voter's row, and no ballot.
    (token,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, token, ["A001", "A001"])).status_code == 422
    snapshot = await office.contest_cache.get(contest)
    assert await check_consistency(office.database, snapshot.contest.id) == []
    assert await contests.counted(contest) == {"A001": 3, "A002": 3, "A003": 3}
