"""One person is one voter: over several identities, channels and workers, also when two voters turn out to be one."""

from __future__ import annotations

import asyncio
import itertools
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, environment_of
from voting.domain.ballots.client import ClientFacts
from voting.domain.identity.channel import Channel
from voting.errors import ChannelClosed, QuotaExhausted, TryAgain
from voting.services.ballots.cast import BallotRequest, CastBallot
from voting.services.identity.persons import Persons
from voting.settings import Settings
from voting.web.dependencies import Services
from voting.wiring import serving

FACTS = ClientFacts(None, None, {})
RULES = '[voters]\nchannels = ["wechat", "mini_program", "phone"]\n{}[[quota]]\npicks = 3\nper = "contest"\n'


@pytest.fixture(scope="module")
async def workers(settings: Settings) -> AsyncIterator[Sequence[Services]]:
    """The services of two worker processes."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(serving.services(settings)) for _ in range(2)]


async def sign_in(worker: Services, contest: str, channel: Channel, *subjects: str) -> str:
    return await worker.persons.sign_in(await worker.contest_cache.renew(contest), channel, subjects)


async def cast(worker: Services, contest: str, token: str, key: str = "", pick: str = "A001") -> bytes:
    request = BallotRequest(token, key or secrets.token_hex(8), CastBallot([pick]), FACTS)
    return await worker.casting.cast(contest, request)


async def outcomes(*casts: object) -> Counter[str]:
    results = await asyncio.gather(*casts, return_exceptions=True)  # type: ignore[call-overload]
    return Counter(type(each).__name__ for each in results)


async def voter(worker: Services, contest: str, token: str) -> bytes:
    snapshot = await worker.contest_cache.get(contest)
    return worker.keyring.voter(contest, snapshot.hash_key, worker.keyring.open_credential(contest, token).identity)


async def test_a_person_is_the_same_voter_each_time(workers: Sequence[Services], contests: Contests) -> None:
    one, other = workers
    contest = await contests.make(RULES.format(""))
    tokens = [
        await sign_in(one, contest, "wechat", "wechat:app:o1", "unionid:u1"),
        await sign_in(other, contest, "wechat", "wechat:app:o1"),
        await sign_in(other, contest, "mini_program", "mini:app:m1", "unionid:u1"),
    ]
    assert len({await voter(one, contest, token) for token in tokens}) == 1
    someone_else = await sign_in(one, contest, "wechat", "wechat:app:o2", "unionid:u2")
    assert await voter(one, contest, someone_else) != await voter(one, contest, tokens[0])
    with pytest.raises(ChannelClosed):
        await sign_in(one, contest, "oidc", "oidc:issuer:1")


@pytest.mark.parametrize(("across", "voters"), [("", 1), ('["wechat", "mini_program"]', 1), ('["wechat"]', 2)])
async def test_channels_run_together_as_the_contest_says(
    workers: Sequence[Services], contests: Contests, across: str, voters: int
) -> None:
    contest = await contests.make(RULES.format(f"one_person_across = {across}\n" if across else ""))
    tokens = [
        await sign_in(workers[0], contest, "wechat", "wechat:app:o1", "unionid:u1"),
        await sign_in(workers[0], contest, "mini_program", "mini:app:m1", "unionid:u1"),
    ]
    assert len({await voter(workers[0], contest, token) for token in tokens}) == voters


async def test_sign_ins_at_one_moment_on_two_workers_are_one_person(
    workers: Sequence[Services], contests: Contests
) -> None:
    contest = await contests.make(RULES.format(""))
    for number in range(20):
        tokens = await asyncio.gather(
            *(
                sign_in(worker, contest, channel, f"{channel}:app:{number}", f"unionid:{number}")
                for worker in workers
                for channel in ("wechat", "mini_program")
                for _ in range(2)
            )
        )
        voters = {await voter(workers[0], contest, token) for token in tokens}
        assert len(voters) == 1
        found = await outcomes(*(cast(workers[place % 2], contest, token) for place, token in enumerate(tokens)))
        assert found == {"bytes": 3, "QuotaExhausted": 5}


async def test_joined_voters_have_one_quota_and_their_ballots_stay(
    workers: Sequence[Services], contests: Contests
) -> None:
    one, other = workers
    contest = await contests.make(RULES.format(""))
    first = await sign_in(one, contest, "wechat", "wechat:app:o1", "unionid:u1")
    second = await sign_in(other, contest, "phone", "phone:+8613800000001")
    answers = [await cast(one, contest, first, "a"), await cast(other, contest, second, "b")]
    joined = await sign_in(one, contest, "mini_program", "mini:app:m1", "unionid:u1", "phone:+8613800000001")
    assert await voter(one, contest, joined) == await voter(one, contest, first)

    # Each credential gets its own ballot's answer again, and all three share what is left.
    assert [await cast(other, contest, first, "a"), await cast(one, contest, second, "b")] == answers
    status = await one.voter_status.status(await one.contest_cache.renew(contest), second)
    assert len(status["ballots"]) == 2
    assert json.loads(await cast(other, contest, second, "c"))["remaining"]["picks"] == 0
    for token in (first, second, joined):
        with pytest.raises(QuotaExhausted):
            await cast(one, contest, token)
    assert await contests.counted(contest) == {"A001": 3}
    assert tuple(await one.persons.overlaps(contest)) == (1, 1, 1)
    async with as_owner(contests.settings) as connection:
        details = await connection.fetchval(
            "select details from audit_log where contest = $1 and action = 'person.overlap'", contest
        )
    assert json.loads(details) == {"ballots": 1}


async def test_persons_who_are_joined_one_after_another_are_one(
    workers: Sequence[Services], contests: Contests
) -> None:
    contest = await contests.make(RULES.format(""))
    chain = [f"phone:+86138000000{number:02d}" for number in range(8)]
    tokens = [await sign_in(workers[0], contest, "phone", subject) for subject in chain]
    # From the end, so that each person that stays is given up by the next joining; two workers at once.
    pairs = list(itertools.pairwise(chain))[::-1]
    await asyncio.gather(
        *(
            sign_in(workers[place % 2], contest, "mini_program", f"mini:app:{place}", *pair)
            for place, pair in enumerate(pairs)
        )
    )
    again = [await sign_in(workers[0], contest, "phone", subject) for subject in chain]
    assert {await voter(workers[0], contest, token) for token in again} == {await voter(workers[0], contest, tokens[0])}
    found = await outcomes(*(cast(workers[place % 2], contest, token) for place, token in enumerate(tokens)))
    assert found == {"bytes": 3, "QuotaExhausted": 5}


async def test_no_ballot_slips_between_the_quota_and_a_joining(workers: Sequence[Services], contests: Contests) -> None:
    """Both voters vote while they are joined. After the joining nothing more is counted than what the quota leaves."""
    one, other = workers
    contest = await contests.make(RULES.format(""))
    for number in range(25):
        first = await sign_in(one, contest, "wechat", f"wechat:app:{number}", f"unionid:{number}")
        second = await sign_in(other, contest, "phone", f"phone:+861390000{number:04d}")
        subjects = (f"mini:app:{number}", f"unionid:{number}", f"phone:+861390000{number:04d}")
        casts = [cast(workers[place % 2], contest, (first, second)[place // 2 % 2]) for place in range(16)]
        await asyncio.gather(
            *casts[:8], sign_in(one, contest, "mini_program", *subjects), *casts[8:], return_exceptions=True
        )
        async with as_owner(contests.settings) as connection:
            joined_at = await connection.fetchval(
                "select joined_at from joined_voters where contest = $1 and voter = $2",
                contest,
                await voter(one, contest, second),
            )
            rows = await connection.fetch(
                "select recorded_at < $2 as before, count(*) as ballots from ballots"
                " where contest = $1 and voter = any ($3) group by 1",
                contest,
                joined_at,
                [await voter(one, contest, token) for token in (first, second)],
            )
        ballots = {row["before"]: row["ballots"] for row in rows}
        before, after = ballots.get(True, 0), ballots.get(False, 0)
        assert before <= 6
        assert after <= max(0, 3 - before), ballots


async def test_only_keyed_hashes_are_stored(workers: Sequence[Services], contests: Contests) -> None:
    contest, another = [await contests.make(RULES.format("")) for _ in range(2)]
    for each in (contest, another):
        await sign_in(workers[0], each, "phone", "phone:+8613812345678")
    async with as_owner(contests.settings) as connection:
        rows = await connection.fetch("select * from persons where contest = any ($1)", [contest, another])
    assert len({row["subject"] for row in rows}) == 2, "each contest has its own keyed hash"
    assert len({row["person"] for row in rows}) == 2
    assert "13812345678" not in repr(rows)


async def test_without_postgresql_nobody_becomes_a_second_person(settings: Settings, contests: Contests) -> None:
    contest = await contests.make(RULES.format(""))
    async with serving.services(settings) as worker:
        snapshot = await worker.contest_cache.get(contest)
        await worker.persons._database.close()
        with pytest.raises(TryAgain):
            await Persons(worker.persons._database, worker.keyring).sign_in(snapshot, "wechat", ["wechat:app:1"])


async def test_the_organiser_learns_of_overlaps(
    workers: Sequence[Services], http: httpx.AsyncClient, contests: Contests, settings: Settings
) -> None:
    contest = await contests.make(RULES.format(""))
    first = await sign_in(workers[0], contest, "wechat", "wechat:app:o1", "unionid:u1")
    second = await sign_in(workers[0], contest, "phone", "phone:+8613800000001")
    await cast(workers[0], contest, first)
    for _ in range(2):
        await cast(workers[0], contest, second)
    await sign_in(workers[0], contest, "mini_program", "mini:app:m1", "unionid:u1", "phone:+8613800000001")
    words = "1 persons were first taken for two voters and later recognised as one; 1 of them had voted as both, with 2"
    key = await contests.staff_key("organiser", contest)
    board = await http.get(f"/board/{contest}?lang=en", headers={"Authorization": f"Bearer {key}"})
    assert words in board.text
    done = run("contest", "overlaps", "--contest", contest, env=environment_of(settings))
    assert done.stdout.startswith(words), done.stderr
