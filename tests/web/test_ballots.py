"""Casting through HTTP: every row of the contract's table, and the races."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta

import httpx
import msgspec
import pytest

from tests.conftest import Contests, as_owner, cast, eventually, refusal, solve
from tests.fraud.rings import POLICY, certifier, find_nothing
from voting.errors import WindowClosed
from voting.fraud.facts.facts import Facts, Oddity
from voting.services.identity.keyring import Keyring, check_receipt
from voting.wiring.admin import AdminServices

FIVE_A_DAY = """
[ballot]
most = 5

[[quota]]
picks = 5
per = "contest"
period = "day"

[[quota]]
picks = 1
per = "entry"
period = "day"
"""


async def test_a_ballot_is_recorded_and_answered_as_in_the_contract(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make(FIVE_A_DAY)
    (token,) = contests.tokens(contest, 1)
    answer = await cast(http, contest, token, ["A001", "A002"])
    assert answer.status_code == 201
    content = answer.json()
    assert set(content) == {"ballot", "recorded_at", "receipt", "remaining", "log"}
    assert content["recorded_at"].endswith("+08:00")
    assert content["remaining"]["picks"] == 3
    assert content["remaining"]["limits"] == [
        {
            "unit": "picks",
            "per": "contest",
            "period": "day",
            "scope": "",
            "limit": 5,
            "left": 3,
            "renews_at": content["remaining"]["limits"][0]["renews_at"],
        }
    ]
    assert await contests.counted(contest) == {"A001": 1, "A002": 1}


async def test_a_vote_goes_on_under_rules_that_a_new_file_could_not_have(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    """An upgrade may check contest files more strictly than the version that stored this one."""
    contest = await contests.make()
    async with as_owner(contests.settings) as connection:
        await connection.execute(
            "update contests set document = replace(document, '测试评选', $2), revision = revision + 1 where id = $1",
            *(contest, "很长的评选" * 40),
        )
    assert (await http.get(f"/api/v1/contests/{contest}")).json()["title"] == "很长的评选" * 40
    (token,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, token, ["A001"])).status_code == 201


async def test_the_receipt_is_genuine_and_does_not_tell_the_picks(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    content = (await cast(http, contest, token, ["A003"])).json()
    public_key = (await http.get(f"/api/v1/contests/{contest}")).json()["receipt_key"]
    statement = check_receipt(public_key, content["receipt"])
    assert statement is not None
    assert content["ballot"] in statement
    assert "A003" not in statement
    assert check_receipt(public_key, content["receipt"][:-4] + "AAAA") is None
    assert check_receipt(Keyring(b"another secret, also long enough").public_key, content["receipt"]) is None


async def test_forty_racing_ballots_of_one_voter_count_five(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(entries=40)
    (token,) = contests.tokens(contest, 1)
    answers = await asyncio.gather(*(cast(http, contest, token, [f"A{n:03d}"]) for n in range(1, 41)))
    assert Counter(answer.status_code for answer in answers) == {201: 5, 409: 35}
    assert {refusal(answer)[1] for answer in answers if answer.status_code == 409} == {"quota_exhausted"}
    assert sorted(answer.json()["remaining"]["picks"] for answer in answers if answer.status_code == 201) == [
        0,
        1,
        2,
        3,
        4,
    ]
    assert sum((await contests.counted(contest)).values()) == 5


@pytest.mark.parametrize("rule", ['ballots = 3\nperiod = "day"', 'picks = 3\nperiod = "sliding"\nminutes = 5'])
async def test_ballots_and_sliding_intervals_are_exact_under_races_too(
    http: httpx.AsyncClient, contests: Contests, rule: str
) -> None:
    contest = await contests.make(f"[[quota]]\n{rule}\n", entries=20)
    (token,) = contests.tokens(contest, 1)
    answers = await asyncio.gather(*(cast(http, contest, token, [f"A{n:03d}"]) for n in range(1, 21)))
    assert Counter(answer.status_code for answer in answers) == {201: 3, 409: 17}


async def test_a_sliding_interval_frees_slots_one_by_one(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    """新华四川: 同一 IP 5 分钟内限投一票 (rules-and-peers.md, 1b), read as one pick of a voter in any five minutes."""
    contest = await contests.make('[[quota]]\npicks = 1\nperiod = "sliding"\nminutes = 5\n')
    (token,) = contests.tokens(contest, 1)
    first = await cast(http, contest, token, ["A001"])
    recorded = datetime.fromisoformat(first.json()["recorded_at"])
    renews = datetime.fromisoformat(first.json()["remaining"]["limits"][0]["renews_at"])
    assert renews - recorded == timedelta(minutes=5)
    assert refusal(await cast(http, contest, token, ["A002"])) == (409, "quota_exhausted")
    async with as_owner(contests.settings) as connection:
        await connection.execute(
            "update ballots set recorded_at = recorded_at - interval '5 minutes' where contest = $1", contest
        )
    assert (await cast(http, contest, token, ["A002"])).status_code == 201


async def test_one_key_64_times_at_once_is_one_ballot_and_64_equal_answers(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    answers = await asyncio.gather(*(cast(http, contest, token, ["A001"], "one-key") for _ in range(64)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await contests.counted(contest) == {"A001": 1}


async def test_the_same_key_is_answered_the_same_after_the_window_has_closed(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    first = await cast(http, contest, token, ["A001"], "kept")
    async with office.database.connection() as connection:
        await connection.execute(
            "update contests set opens_at = now() - interval '2 hours', closes_at = now() - interval '1 hour',"
            " revision = revision + 1 where id = $1",
            contest,
        )
    again = await cast(http, contest, token, ["A001"], "kept")
    assert (again.status_code, again.content) == (201, first.content)
    assert refusal(await cast(http, contest, token, ["A002"])) == (409, "window_closed")


async def test_the_order_of_the_picks_does_not_make_another_body(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(FIVE_A_DAY)
    (token,) = contests.tokens(contest, 1)
    first = await cast(http, contest, token, ["A001", "A002"], "k")
    again = await cast(http, contest, token, ["A002", "A001"], "k", ticket="whatever", client={"screen": "1x1"})
    assert (again.status_code, again.content) == (201, first.content)


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (b"", "body"),
        (b"{", "not JSON"),
        (b"[]", "object"),
        (b"null", "object"),
        (b'"text"', "object"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b'{"entries": ["A\x001"]}', "not JSON"),
        (b'{"entries": ["A\\u0000"]}', "NUL"),
        (b'{"entries": ["\\ud800"]}', "surrogate"),
        (b'{"entries": ["A001"], "entries": ["A002"]}', "twice"),
        (b'{"entries": "A001"}', "entries"),
        (b'{"entries": []}', "entries"),
        (b'{"entries": [1]}', "entries"),
        (b'{"entries": ["A001"], "more": 1}', "more"),
        (b'{"entries": ["A001"], "client": []}', "client"),
        (b'{"entries": ["A001"], "ticket": 5}', "ticket"),
        (b'{"entries": ["A001"], "client": {"dpr": NaN}}', "NaN"),
        (b'{"entries": ["A001"], "client": {"dpr": ' + b"9" * 5000 + b"}}", "not JSON"),
        (b'{"entries": ' + b"[" * 8000 + b"]" * 8000 + b"}", "deep"),
        (b"{}", "entries"),
    ],
)
async def test_malformed(http: httpx.AsyncClient, contests: Contests, body: bytes, what: str) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    headers = {"Idempotency-Key": "k", "Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    answer = await http.post(f"/api/v1/contests/{contest}/ballots", content=body, headers=headers)
    assert refusal(answer) == (400, "malformed")
    assert what in answer.json()["detail"]


@pytest.mark.parametrize("key", [None, "", "x" * 65, "with space", "ключ", "a/b"])
async def test_the_idempotency_key_is_required_and_checked(
    http: httpx.AsyncClient, contests: Contests, key: str | None
) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    headers = [(b"Authorization", f"Bearer {token}".encode())]
    if key is not None:
        headers.append((b"Idempotency-Key", key.encode()))
    answer = await http.post(f"/api/v1/contests/{contest}/ballots", json={"entries": ["A001"]}, headers=headers)
    assert refusal(answer) == (400, "malformed")
    assert "Idempotency-Key" in answer.json()["detail"]


async def test_credential_missing_and_invalid(http: httpx.AsyncClient, contests: Contests) -> None:
    contest, other = await contests.make(), await contests.make()
    (foreign,) = contests.tokens(other, 1)
    (good,) = contests.tokens(contest, 1)
    assert refusal(await cast(http, contest, None, ["A001"])) == (401, "credential_missing")
    for token in (foreign, good[:-1], good + "A", "x", "a.b", good.replace(".", ".A"), "vsk_1_2"):
        assert refusal(await cast(http, contest, token, ["A001"])) == (401, "credential_invalid")
    headers = {"Idempotency-Key": "k", "Authorization": "Basic abc"}
    answer = await http.post(f"/api/v1/contests/{contest}/ballots", json={"entries": ["A001"]}, headers=headers)
    assert refusal(answer) == (401, "credential_invalid")
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_challenge_required_and_the_same_key_again_with_it(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make('[challenge]\nask = "ballot"\n[[quota]]\npicks = 5\n')
    (token,) = contests.tokens(contest, 1)
    asked = await cast(http, contest, token, ["A001"], "k")
    assert refusal(asked) == (403, "challenge_required")
    solved = solve(asked.json()["challenge"])
    answer = await cast(http, contest, token, ["A001"], "k", challenge=solved)
    assert answer.status_code == 201
    reused = await cast(http, contest, token, ["A002"], challenge=solved)
    assert refusal(reused) == (403, "challenge_required")
    assert "used before" in reused.json()["detail"]
    replayed = await cast(http, contest, token, ["A001"], "k", challenge=solved)
    assert replayed.content == answer.content


async def test_one_solved_challenge_for_twenty_ballots_at_once_serves_one(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make('[challenge]\nask = "ballot"\n[[quota]]\npicks = 50\n', entries=20)
    tokens = contests.tokens(contest, 20)
    solved = solve((await cast(http, contest, tokens[0], ["A001"])).json()["challenge"])
    answers = await asyncio.gather(*(cast(http, contest, token, ["A001"], challenge=solved) for token in tokens))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 403: 19}


async def test_contest_and_entry_unknown(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    assert refusal(await cast(http, contest, token, ["A999"])) == (404, "entry_unknown")
    assert refusal(await cast(http, "no-such", token, ["A001"])) == (404, "contest_unknown")


async def test_quota_exhausted_has_the_remaining_quota(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(FIVE_A_DAY)
    (token,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, token, ["A001"])).status_code == 201
    same = await cast(http, contest, token, ["A001"])
    assert refusal(same) == (409, "quota_exhausted")
    assert "at most 1 pick for the same entry a day" in same.json()["detail"]
    assert same.json()["remaining"]["picks"] == 4
    many = await cast(http, contest, token, ["A002", "A003", "A004", "A005", "A006"])
    assert refusal(many) == (409, "quota_exhausted")
    assert "at most 5 picks a day" in many.json()["detail"]
    assert (await contests.counted(contest)) == {"A001": 1}


async def test_quota_per_category(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make('[[quota]]\npicks = 1\nper = "category"\nperiod = "window"\n')
    (token,) = contests.tokens(contest, 1)
    first = await cast(http, contest, token, ["A001"])
    assert first.json()["remaining"]["picks"] is None
    left = {limit["scope"]: limit["left"] for limit in first.json()["remaining"]["limits"]}
    assert left == {"one": 1, "two": 0}
    assert refusal(await cast(http, contest, token, ["A003"])) == (409, "quota_exhausted")
    assert (await cast(http, contest, token, ["A002"])).status_code == 201


async def test_window_not_open_and_closed_tell_the_times(http: httpx.AsyncClient, contests: Contests) -> None:
    early = await contests.make(opens=timedelta(hours=1))
    late = await contests.make(opens=timedelta(hours=-2), closes=timedelta(hours=-1))
    for contest, code in ((early, "window_not_open"), (late, "window_closed")):
        (token,) = contests.tokens(contest, 1)
        answer = await cast(http, contest, token, ["A001"])
        assert refusal(answer) == (409, code)
        assert {"opens_at", "closes_at", "server_time"} <= set(answer.json())


async def test_contest_paused_and_resumed(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    await office.contest_admin.pause(contest)
    assert refusal(await cast(http, contest, token, ["A001"])) == (409, "contest_paused")
    await office.contest_admin.resume(contest)
    assert (await cast(http, contest, token, ["A001"])).status_code == 201


async def test_a_closed_contest_is_neither_paused_nor_resumed(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(opens=timedelta(hours=-3), closes=timedelta(minutes=-1))
    for act in (office.contest_admin.pause, office.contest_admin.resume):
        with pytest.raises(WindowClosed, match=r"ended at .* \(Asia/Shanghai\); nothing was paused or resumed"):
            await act(contest)
    await certifier(office.database, find_nothing).certify(await office.contest_cache.get(contest), POLICY)
    with pytest.raises(WindowClosed, match="and its result is certified"):
        await office.contest_admin.pause(contest)

    async def is_certified() -> bool:
        return "投票已结束，结果已经核定公布。" in (await http.get(f"/c/{contest}")).text

    await eventually(is_certified)


async def test_too_large_and_unsupported(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    path = f"/api/v1/contests/{contest}/ballots"
    big = json.dumps({"entries": ["A001"], "ticket": "x" * 20_000}).encode()
    plain = {"Content-Type": "application/json"}
    assert refusal(await http.post(path, content=big, headers=plain)) == (413, "too_large")

    async def chunks() -> object:
        for _ in range(20):
            yield b" " * 1024

    assert refusal(await http.post(path, content=chunks(), headers=plain)) == (413, "too_large")  # type: ignore[arg-type]
    for headers in (
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=gbk"},
        plain | {"Content-Encoding": "gzip"},
    ):
        assert refusal(await http.post(path, content=b"{}", headers=headers)) == (415, "unsupported_media_type")


async def test_headers_too_large(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    path = f"/api/v1/contests/{contest}"
    assert refusal(await http.get(path, headers={"X-Big": "x" * 17_000})) == (431, "headers_too_large")
    many = {f"X-{number}": "1" for number in range(70)}
    assert refusal(await http.get(path, headers=many)) == (431, "headers_too_large")


async def test_key_reused_and_picks_invalid(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make("[ballot]\nleast = 2\nmost = 3\n[[quota]]\npicks = 9\n")
    (token,) = contests.tokens(contest, 1)
    assert refusal(await cast(http, contest, token, ["A001"])) == (422, "picks_invalid")
    assert refusal(await cast(http, contest, token, ["A001", "A002", "A003", "A004"])) == (422, "picks_invalid")
    assert refusal(await cast(http, contest, token, ["A001", "A001"])) == (422, "picks_invalid")
    assert (await cast(http, contest, token, ["A001", "A002"], "k")).status_code == 201
    assert refusal(await cast(http, contest, token, ["A001", "A003"], "k")) == (422, "key_reused")
    assert refusal(await cast(http, contest, token, ["A001\nA002"], "k")) == (422, "key_reused")


@pytest.mark.parametrize("picks", [["A003"], ["A002", "A003"], ["A001"], ["NOBODY"], ["A001"] * 9])
@pytest.mark.parametrize("closed", [False, True])
async def test_ten_minutes_later_a_key_is_answered_as_before_whatever_the_body(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, picks: list[str], closed: bool
) -> None:
    contest = await contests.make("[ballot]\nmost = 2\n[[quota]]\npicks = 9\n")
    (token,) = contests.tokens(contest, 1)
    first = await cast(http, contest, token, ["A001", "A002"], "k")
    assert first.status_code == 201

    async def age(minutes: float) -> None:
        async with as_owner(contests.settings) as connection:
            moved = "update ballots set recorded_at = recorded_at - $2::interval where contest = $1"
            await connection.execute(moved, contest, timedelta(minutes=minutes))
            if closed:
                ended = "update contests set closes_at = now(), revision = revision + 1 where id = $1"
                await connection.execute(ended, contest)

    await age(9.5)
    assert refusal(await cast(http, contest, token, picks, "k")) == (422, "key_reused")
    await age(0.6)
    assert (await cast(http, contest, token, picks, "k")).content == first.content
    assert await contests.counted(contest) == {"A001": 1, "A002": 1}


async def test_repeats_where_the_contest_allows_them(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make("[ballot]\nmost = 3\nrepeats = true\n[[quota]]\npicks = 9\n")
    (token,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, token, ["A001", "A001", "A002"])).status_code == 201
    assert await contests.counted(contest) == {"A001": 2, "A002": 1}


async def test_two_voters_may_use_the_same_key(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    one, two = contests.tokens(contest, 2)
    first, second = await cast(http, contest, one, ["A001"], "k"), await cast(http, contest, two, ["A001"], "k")
    assert first.json()["ballot"] != second.json()["ballot"]


async def test_facts_hold_no_plain_address(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    ticket = (await http.get(f"/api/v1/contests/{contest}")).json()["ticket"]
    client = {
        "screen": "412x915",
        "dpr": 2.5,
        "languages": ["zh-CN"],
        "timezone": "Asia/Shanghai",
        "odd": 1,
        "platform": 5,
    }
    assert (await cast(http, contest, token, ["A001"], ticket=ticket, client=client)).status_code == 201
    async with office.database.connection() as connection:
        stored = await connection.fetchval("select facts -> 0 from batches where contest = $1", contest)
    facts = msgspec.json.decode(stored, type=Facts)
    assert (facts.app, facts.oddities) == ("automation", Oddity.AUTOMATION | Oddity.NO_LANGUAGE)
    assert facts.reading is not None
    assert facts.client
    assert facts.counts is not None
    assert facts.counts.ballots == 1
    assert len(facts.address or "") == len(facts.prefix or "") == 32
    assert "127.0.0" not in stored
