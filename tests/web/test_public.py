"""The public reads and registration: contests, entries, tallies, voters, me, health."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from tests.conftest import Contests, as_owner, cast, eventually, insert_batch, refusal, solve
from voting.domain.entry import Entry
from voting.postgres import tallies
from voting.postgres.ballots import BallotRow
from voting.wiring.admin import AdminServices


async def test_a_contest_has_the_fields_of_the_contract(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make('[[quota]]\npicks = 5\nper = "contest"\nperiod = "day"\n')
    content = (await http.get(f"/api/v1/contests/{contest}")).json()
    assert content["title"] == "测试评选"
    assert content["host"] == "测试单位"
    assert "每位投票人每天最多 5 票（零点重新计算）。" in content["rules"]["zh"]
    assert "A voter has at most 5 picks a day, counted from zero at midnight (Asia/Shanghai)." in content["rules"]["en"]
    window = content["window"]
    assert window["phase"] == "open"
    assert all(window[name].endswith("+08:00") for name in ("opens_at", "closes_at", "server_time"))
    (quota,) = content["quota"]
    assert (quota["picks"], quota["per"], quota["period"]) == (5, "contest", "day")
    assert [category["id"] for category in content["categories"]] == ["one", "two"]
    assert content["display"] == {"policy": "live"}
    assert content["ticket"]


async def test_unknown_contests_everywhere(http: httpx.AsyncClient) -> None:
    for path in ("", "/entries", "/tallies", "/me", "/live", "/results"):
        assert refusal(await http.get(f"/api/v1/contests/none{path}")) == (404, "contest_unknown")
    for path in ("/challenges", "/voters"):
        answer = await http.post(f"/api/v1/contests/none{path}", json={"challenge": "x"})
        assert refusal(answer) == (404, "contest_unknown")


async def test_entries_are_there_as_soon_as_they_are_imported(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    """However often the page was requested before: a worker caches a contest for a second, but not an empty one."""
    contest = await contests.make(entries=0)
    for _ in range(4):
        assert (await http.get(f"/api/v1/contests/{contest}/entries")).json()["total"] == 0
    await office.contest_admin.import_roster(contest, [Entry("A001", "作品", "作者", "one", "")], {})
    for _ in range(4):
        assert (await http.get(f"/api/v1/contests/{contest}/entries")).json()["total"] == 1


async def test_entries_are_searched_sorted_and_paged(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(entries=45)
    (token,) = contests.tokens(contest, 1)
    await cast(http, contest, token, ["A030"])
    path = f"/api/v1/contests/{contest}/entries"
    first = (await http.get(path)).json()
    assert (first["total"], first["pages"], len(first["entries"])) == (45, 3, 20)
    assert set(first["entries"][0]) == {
        "code",
        "title",
        "author",
        "category",
        "summary",
        "media",
        "picks",
        "rank",
        "tags",
    }
    assert len((await http.get(path, params={"page": 3})).json()["entries"]) == 5
    assert (await http.get(path, params={"page": 99})).json()["page"] == 3
    ones = (await http.get(path, params={"category": "one"})).json()
    assert ones["total"] == 22
    found = (await http.get(path, params={"q": "作品 17"})).json()["entries"]
    assert [entry["code"] for entry in found] == ["A017"]

    async def leads() -> bool:
        top = (await http.get(path, params={"sort": "picks"})).json()["entries"][0]
        return bool((top["code"], top["picks"], top["rank"]) == ("A030", 1, 1))

    await eventually(leads)


@pytest.mark.parametrize("query", ["page=0", "page=x", "sort=best", "q=" + "x" * 200])
async def test_a_bad_search_is_refused_with_the_parameter(
    http: httpx.AsyncClient, contests: Contests, query: str
) -> None:
    contest = await contests.make()
    answer = await http.get(f"/api/v1/contests/{contest}/entries?{query}")
    assert refusal(answer) == (400, "malformed")
    assert query.partition("=")[0] in answer.json()["detail"]


async def test_tallies_move_and_are_cacheable(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    path = f"/api/v1/contests/{contest}/tallies"
    before = await http.get(path)
    assert before.json()["policy"] == "live"
    assert {row["picks"] for row in before.json()["tallies"]} == {0}
    assert "public" in before.headers["cache-control"]
    assert (await http.get(path, headers={"If-None-Match": before.headers["etag"]})).status_code == 304
    one, two, three = contests.tokens(contest, 3)
    for token, entry in ((one, "A005"), (two, "A005"), (three, "A002")):
        assert (await cast(http, contest, token, [entry])).status_code == 201

    async def moved() -> bool:
        rows = (await http.get(path)).json()["tallies"]
        return bool(rows[:3] == [row("A005", 2, 1), row("A002", 1, 2), row("A001", 0, 3)])

    await eventually(moved)
    after = await http.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != before.headers["etag"]


def row(entry: str, picks: int, rank: int) -> dict[str, object]:
    return {"entry": entry, "picks": picks, "rank": rank}


async def test_hidden_tallies_are_shown_nowhere(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make('[display]\npolicy = "hidden"\n[[quota]]\npicks = 5\n')
    (token,) = contests.tokens(contest, 1)
    await cast(http, contest, token, ["A009"])
    tallies = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()
    assert (tallies["policy"], tallies["tallies"]) == ("hidden", [])
    entries = (await http.get(f"/api/v1/contests/{contest}/entries?sort=picks")).json()["entries"]
    assert entries[0]["code"] == "A001"
    assert {entry["picks"] for entry in entries} == {None}
    page = (await http.get(f"/c/{contest}?sort=picks")).text
    assert 'class="picks"' not in page


async def test_delayed_and_daily_tallies_count_picks_before_their_moment(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    for rules in ('policy = "delayed"\nminutes = 5', 'policy = "daily"\nat = 18:00:00'):
        contest = await contests.make(f"[display]\n{rules}\n[[quota]]\npicks = 5\n", opens=timedelta(days=-3))
        early, late = contests.tokens(contest, 2)
        assert (await cast(http, contest, early, ["A001"])).status_code == 201
        async with as_owner(contests.settings) as connection:
            await connection.execute(
                "update ballots set recorded_at = recorded_at - interval '2 days' where contest = $1", contest
            )
        assert (await cast(http, contest, late, ["A002"])).status_code == 201
        content = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()
        assert {row["entry"]: row["picks"] for row in content["tallies"] if row["picks"]} == {"A001": 1}
        assert datetime.fromisoformat(content["as_of"]) < (await office.contest_cache.get(contest)).now()


async def test_a_web_voter_registers_votes_and_sees_its_standing(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    base = f"/api/v1/contests/{contest}"
    challenge = await http.post(f"{base}/challenges")
    assert challenge.status_code == 200
    registered = await http.post(f"{base}/voters", json={"challenge": solve(challenge.json())})
    assert registered.status_code == 201
    cookie = registered.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    token = registered.json()["token"]
    by_cookie = await http.post(f"{base}/ballots", json={"entries": ["A001"]}, headers={"Idempotency-Key": "a"})
    assert by_cookie.status_code == 201
    http.cookies.clear()
    assert (await cast(http, contest, token, ["A002"])).json()["remaining"]["picks"] == 3
    mine = (await http.get(f"{base}/me", headers={"Authorization": f"Bearer {token}"})).json()
    assert mine["remaining"]["picks"] == 3
    assert [ballot["state"] for ballot in mine["ballots"]] == ["recorded", "recorded"]
    assert mine["ballots"][1]["ballot"] == by_cookie.json()["ballot"]
    assert "A001" not in str(mine)
    assert refusal(await http.get(f"{base}/me")) == (401, "credential_missing")


async def test_a_browser_that_registers_again_stays_the_same_voter(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    base = f"/api/v1/contests/{contest}"
    tokens = []
    for _ in range(2):
        challenge = (await http.post(f"{base}/challenges")).json()
        tokens.append((await http.post(f"{base}/voters", json={"challenge": solve(challenge)})).json()["token"])
    assert tokens[0] == tokens[1]


async def test_a_challenge_serves_once_even_at_the_same_moment(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    base = f"/api/v1/contests/{contest}"
    solved = solve((await http.post(f"{base}/challenges")).json())
    answers = await asyncio.gather(*(http.post(f"{base}/voters", json={"challenge": solved}) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [403] * 19
    refused = next(answer for answer in answers if answer.status_code == 403)
    assert refusal(refused) == (403, "challenge_required")
    again = await http.post(f"{base}/voters", json={"challenge": solve(refused.json()["challenge"])})
    assert again.status_code == 201


async def test_unsolved_foreign_and_garbled_challenges_are_refused(http: httpx.AsyncClient, contests: Contests) -> None:
    contest, other = await contests.make(), await contests.make()
    foreign = solve((await http.post(f"/api/v1/contests/{other}/challenges")).json())
    good = solve((await http.post(f"/api/v1/contests/{contest}/challenges")).json())
    for text in (foreign, good[:-8], good.replace("a", "b", 1), "", "e30=", "not base64", "W10=", "bnVsbA=="):
        answer = await http.post(f"/api/v1/contests/{contest}/voters", json={"challenge": text})
        assert refusal(answer) == (403, "challenge_required"), text


async def test_health_and_metrics(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    await cast(http, contest, token, ["A001"])
    assert (await http.get("/health/live")).json() == {"status": "ok"}
    assert (await http.get("/health/ready")).json() == {"status": "ok"}
    deps = (await http.get("/health/deps")).json()
    assert deps.pop("log") in ("ok", "behind", "frozen"), "other tests' ballots wait for a log"
    assert deps == {"status": "ok", "postgres": "ok", "redis": "ok"}
    text = (await http.get("/metrics")).text
    assert 'voting_ballots_total{outcome="recorded"}' in text
    assert 'voting_dependency_up{dependency="postgres"} 1.0' in text
    assert 'voting_request_seconds_bucket{le="0.005",route="/api/v1/contests/{contest:str}/ballots"}' in text
    assert contest not in text


async def test_addresses_that_are_not_there_share_one_label(http: httpx.AsyncClient) -> None:
    for number in range(5):
        assert refusal(await http.get(f"/api/v1/nothing-{number}")) == (404, "not_found")
    wrong = await http.put("/api/v1/contests/x/ballots")
    assert refusal(wrong) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "OPTIONS, POST"
    assert (await http.post("/health/live")).headers["allow"] == "GET, HEAD, OPTIONS", "RFC 9110 section 15.5.6"
    text = (await http.get("/metrics")).text
    assert "nothing-" not in text
    assert 'route="unmatched"' in text


async def test_a_cover_is_served_as_what_it_is_and_cannot_run_anything(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    from voting.domain.entry import Entry

    contest = await contests.make()
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>'
    entry = Entry("A001", "作品", "作者", "one", cover="a.svg")
    await office.contest_admin.import_roster(contest, [entry], {"a.svg": svg}, amend=True)

    async def path() -> str | None:
        first = (await http.get(f"/api/v1/contests/{contest}/entries")).json()["entries"][0]
        return (first.get("media") or {}).get("cover")

    async def is_known() -> bool:
        return bool(await path())

    # A worker may have read the contest before its roster was imported.
    await eventually(is_known)
    answer = await http.get(await path() or "")
    assert (answer.content, answer.headers["content-type"]) == (svg, "image/svg+xml")
    assert "immutable" in answer.headers["cache-control"]
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    for name in ("../../etc/passwd", "%2e%2e%2fx", "x.svg", "0" * 64 + ".svg"):
        assert (await http.get(f"/media/{contest}/{name}")).status_code == 404


async def test_the_contracts_query_may_come_empty(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    answer = await http.get(f"/api/v1/contests/{contest}/entries?category=&q=&sort=&page=")
    assert (answer.status_code, answer.json()["page"]) == (200, 1)
    assert (await http.get(f"/c/{contest}?category=&q=&sort=&page=")).status_code == 200


async def test_a_shown_moment_is_the_same_in_every_process(contests: Contests, office: AdminServices) -> None:
    contest = await contests.make()
    start = datetime.now(UTC)

    async def add(voter: bytes, entry: str, at: datetime) -> None:
        async with office.database.connection() as connection:
            row = BallotRow(voter, 1, "k", uuid.uuid4(), [entry], "count", (), b"", "{}", "{}")
            await insert_batch(connection, contest, [row], at)

    async def shown(as_of: datetime) -> dict[str, int]:
        found = await office.database.transact(lambda tx: tallies.take_snapshot(tx, contest, as_of))
        return {entry: tally.counted for entry, tally in found.items()}

    await add(b"1", "A001", start)
    first, second = start + timedelta(minutes=5), start + timedelta(minutes=10)
    assert await shown(first) == {"A001": 1}
    await add(b"2", "A001", start)
    assert await shown(first) == {"A001": 1}, "what was shown for a moment stays"
    await add(b"3", "A001", first)
    await add(b"4", "A002", second - timedelta(microseconds=1))
    await add(b"5", "A002", second)
    assert await shown(second) == {"A001": 3, "A002": 1}, "the next moment shows all that is known by then"


async def test_a_contest_for_checked_voters_takes_no_one_from_the_web(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make('[voters]\nchannels = ["issued"]\n[[quota]]\npicks = 5\n')
    solved = solve((await http.post(f"/api/v1/contests/{contest}/challenges")).json())
    answer = await http.post(f"/api/v1/contests/{contest}/voters", json={"challenge": solved})
    assert refusal(answer) == (403, "channel_closed")
    (issued,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, issued, ["A001"])).status_code == 201


async def test_a_contest_without_a_public_vote_refuses_voters(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make("[voters]\nchannels = []\n[[quota]]\npicks = 5\n")
    (issued,) = contests.tokens(contest, 1)
    assert refusal(await cast(http, contest, issued, ["A001"])) == (403, "channel_closed")
    solved = solve((await http.post(f"/api/v1/contests/{contest}/challenges")).json())
    answer = await http.post(f"/api/v1/contests/{contest}/voters", json={"challenge": solved})
    assert refusal(answer) == (403, "channel_closed")
    for address in (f"/c/{contest}", f"/c/{contest}/entries/A001"):
        page = (await http.get(address, headers={"accept-language": "zh-CN"})).text
        assert "本活动不设公众投票" in page
        assert not [sign for sign in ('class="vote"', 'class="picks"', 'id="countdown"') if sign in page]


async def test_the_home_page_lists_the_contests(http: httpx.AsyncClient, contests: Contests) -> None:
    first, second = await contests.make(), await contests.make()
    # A response cached before may be shown for a second.
    await asyncio.sleep(1.1)
    answer = await http.get("/", headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert f'href="/c/{first}"' in answer.text
    assert f'href="/c/{second}"' in answer.text


@pytest.mark.parametrize(("language", "says"), [("zh", "没有找到这个页面"), ("en", "This page was not found")])
async def test_an_error_page_is_in_one_language(http: httpx.AsyncClient, language: str, says: str) -> None:
    page = (await http.get("/c/none", headers={"accept": "text/html", "accept-language": language})).text
    assert f"<title>{says}</title>" in page
    assert f'<h1 class="block">{says}</h1>' in page
