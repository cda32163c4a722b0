"""The voter's pages over HTTP: one variant a language for everybody, the reader's own part, receipts, the foot."""

from __future__ import annotations

import io

import httpx
import pytest
import segno

from tests.conftest import Contests, cast, eventually, refusal
from voting.domain.entry import Entry
from voting.web.auth import voter_cookie_name

ENGLISH = {"accept-language": "en-GB,en;q=0.9"}


async def test_a_page_is_the_same_for_everybody_and_has_a_tag(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    for path in (f"/c/{contest}", f"/c/{contest}/entries/A001", f"/c/{contest}?lang=en"):
        headers = ENGLISH if "lang" in path else {}
        first = await http.get(path, headers=headers)
        voter = await http.get(path, headers=headers | {"cookie": f"{voter_cookie_name(contest)}={token}"})
        assert first.text == voter.text
        assert token not in voter.text
        assert first.headers["cache-control"].startswith("public, max-age=0, s-maxage=2")
        assert "set-cookie" not in first.headers
        again = await http.get(path, headers=headers | {"if-none-match": f'"x", W/{first.headers["etag"]}'})
        assert (again.status_code, again.content) == (304, b"")
    before = await http.get(f"/c/{contest}")
    assert (await cast(http, contest, token, ["A002"])).status_code == 201
    async with contests.office() as office:
        await office.contest_admin.pause(contest)

    async def is_told() -> bool:
        paused = await http.get(f"/c/{contest}", headers={"if-none-match": before.headers["etag"]})
        return paused.status_code == 200 and "暂停投票" in paused.text

    await eventually(is_told)


@pytest.mark.parametrize(
    ("query", "headers", "language", "is_public"),
    [
        ("", {}, "zh-CN", True),
        ("", ENGLISH, "en", False),
        ("", {"cookie": "lang=en"}, "en", False),
        ("?lang=en", ENGLISH, "en", True),
        ("?lang=en", {"cookie": "lang=en"}, "en", True),
        ("?lang=en", {}, "en", False),
        ("?lang=zh", {"cookie": "lang=en"}, "zh-CN", False),
        ("", {"cookie": "size=large"}, "zh-CN", False),
    ],
)
async def test_shared_caches_keep_only_what_follows_from_the_address(
    http: httpx.AsyncClient,
    contests: Contests,
    query: str,
    headers: dict[str, str],
    language: str,
    is_public: bool,
) -> None:
    contest = await contests.make(entries=1)
    answer = await http.get(f"/c/{contest}{query}", headers=headers)
    assert f'<html lang="{language}"' in answer.text
    assert (answer.headers["cache-control"].startswith("public"), "set-cookie" in answer.headers) == (
        is_public,
        not is_public and bool(query),
    )
    # Links in English name the language: a cache on the way may know no cookies.
    assert (f'href="/c/{contest}/entries/A001?lang=en"' in answer.text) is (language == "en")


async def test_the_size_of_type_is_kept(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make(entries=1)
    assert 'class="large"' in (await http.get(f"/c/{contest}?size=large")).text
    for path in (f"/c/{contest}", f"/c/{contest}/me", "/c/none/x"):
        assert 'class="large"' in (await http.get(path, headers={"accept": "text/html"})).text
    assert 'class="large"' not in (await http.get(f"/c/{contest}?size=normal")).text


async def test_the_readers_own_part(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    fresh = await http.get(f"/c/{contest}/own")
    assert fresh.headers["cache-control"] == "no-store"
    assert (fresh.json()["known"], fresh.json()["phase"], fresh.json()["remaining"]["picks"]) == (False, "open", 5)
    await cast(http, contest, token, ["A001"])
    own = (await http.get(f"/c/{contest}/own", headers={"cookie": f"{voter_cookie_name(contest)}={token}"})).json()
    assert (own["known"], own["remaining"]["picks"]) == (True, 4)
    assert own["ticket"] != fresh.json()["ticket"]
    assert "A001" not in str(own)


async def test_own_ballots_have_their_receipts_and_anyone_can_check_one(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest, other = await contests.make(), await contests.make()
    (token,) = contests.tokens(contest, 1)
    answers = [(await cast(http, contest, token, [code])).json() for code in ("A001", "A002")]
    assert "还没有投过票" in (await http.get(f"/c/{contest}/ballots")).text
    mine = await http.get(f"/c/{contest}/ballots", headers={"cookie": f"{voter_cookie_name(contest)}={token}"})
    assert mine.headers["cache-control"] == "no-store"
    places = [mine.text.index(answer["receipt"]) for answer in answers]
    assert places[0] > places[1], "newest first"
    assert "A001" not in mine.text
    receipt = answers[0]["receipt"]
    for given in (receipt, f" “{receipt[:50]}\n{receipt[50:]}” "):
        checked = (await http.get(f"/c/{contest}/receipt", params={"code": given})).text
        assert "这张选票已记录" in checked
        assert answers[0]["ballot"] in checked
    for path, given in (
        (contest, receipt[:-2] + ("AA" if receipt[-2] != "A" else "BA")),
        (contest, "../../x"),
        (contest, answers[0]["ballot"]),
        (other, receipt),
    ):
        assert "这不是本次评选的有效回执" in (await http.get(f"/c/{path}/receipt", params={"code": given})).text


async def test_every_page_offers_the_other_language_and_the_contests_pages(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make()
    for name in ("", "/entries/A001", "/ballots", "/receipt", "/privacy", "/me", "/complaints", "/entries/nothing"):
        page = (await http.get(f"/c/{contest}{name}", headers={"accept": "text/html"})).text
        assert f'<a href="/c/{contest}{name}?lang=en" lang="en"' in page, name
        assert f'"/c/{contest}' in page
    broken = (await http.get("//evil.example/x", headers={"accept": "text/html"})).text
    assert "//evil.example" not in broken


async def test_a_poster_has_a_code_of_the_entrys_page(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    page = (await http.get(f"/c/{contest}/entries/A003/poster")).text
    assert f'src="/c/{contest}/entries/A003/qr.png"' in page
    answer = await http.get(f"/c/{contest}/entries/A003/qr.png")
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == ("image/png", "no-store")
    address = f"{http.base_url}/c/{contest}/entries/A003"
    expected = io.BytesIO()
    segno.make_qr(address).save(expected, kind="png", scale=8)
    assert answer.content == expected.getvalue()
    for name in ("poster", "qr.png"):
        assert refusal(await http.get(f"/c/{contest}/entries/nothing/{name}")) == (404, "entry_unknown")


async def test_chinese_titles_are_found_by_pinyin_initials(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    entry = Entry("A001", "重庆的牦牛过冬有新粮ABC", "雪绒县服务队", "one")
    async with contests.office() as office:
        await office.contest_admin.import_roster(contest, [entry], {}, amend=True)
    # The reading that the word has: chong of Chongqing, not zhong.
    for wish, count in (
        ("cqdmngd", 1),
        ("XRXFWD", 1),
        ("新粮", 1),
        ("ylabc", 0),
        ("xlabc", 1),
        ("mngd xrx", 1),
        ("zqd", 0),
    ):
        found = (await http.get(f"/api/v1/contests/{contest}/entries", params={"q": wish})).json()
        assert found["total"] == count, wish
    assert "重庆的牦牛" in (await http.get(f"/c/{contest}?q=mngd")).text


async def test_pages_say_what_became_of_an_entry_a_vote_and_ones_data(
    http: httpx.AsyncClient, contests: Contests
) -> None:
    contest = await contests.make(top='changeable = ["withdrawal"]\n')
    (token,) = contests.tokens(contest, 1)
    assert (await cast(http, contest, token, ["A001"])).status_code == 201
    assert refusal(await http.get(f"/c/{contest}/me/data")) == (401, "credential_missing")
    data = await http.get(f"/c/{contest}/me/data", headers={"cookie": f"{voter_cookie_name(contest)}={token}"})
    (ballot,) = data.json()["ballots"]
    assert data.json()["confirmation"] is None
    assert (data.json()["channel"], ballot["state"], "picks" in ballot) == ("issued", "recorded", False)
    async with contests.office() as office:
        await office.contest_admin.withdraw(contest, "A002", "作者要求")
    html = {"accept": "text/html"}

    async def is_withdrawn() -> bool:
        page = await http.get(f"/c/{contest}/entries/A002", headers=html)
        return page.status_code == 410 and "已退出评选" in page.text

    await eventually(is_withdrawn)
    assert (await http.get(f"/c/{contest}/entries/Z999", headers=html)).status_code == 404
    assert 'id="closed" hidden' in (await http.get(f"/c/{contest}")).text
    await contests.end()

    async def is_closed() -> bool:
        return "投票已结束，票数正在核对，结果核定后公布。 共 1 票。" in (await http.get(f"/c/{contest}")).text

    await eventually(is_closed)
