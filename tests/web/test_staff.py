"""Routes that need a staff key: the live board and the results."""

from __future__ import annotations

import asyncio
import csv
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import openpyxl

from tests.conftest import Contests, cast, eventually, refusal
from tests.services.results.test_certified_inputs import RULES, certified
from voting.web.pages.staff.overview import pages_of
from voting.wiring.admin import AdminServices


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_roles(http: httpx.AsyncClient, contests: Contests) -> None:
    contest, other = await contests.make(), await contests.make()
    keys = {role: await contests.staff_key(role, contest) for role in ("organiser", "judge", "auditor")}
    foreign = await contests.staff_key("organiser", other)
    (voter,) = contests.tokens(contest, 1)
    live, results = f"/api/v1/contests/{contest}/live", f"/api/v1/contests/{contest}/results"
    for path in (live, results):
        assert refusal(await http.get(path)) == (401, "credential_missing")
        assert refusal(await http.get(path, headers=bearer(voter))) == (401, "credential_invalid")
        assert refusal(await http.get(path, headers=bearer(keys["judge"][:-1]))) == (401, "credential_invalid")
        assert refusal(await http.get(path, headers=bearer(foreign))) == (403, "forbidden")
    assert refusal(await http.get(live, headers=bearer(keys["judge"]))) == (403, "forbidden")
    for key in keys.values():
        assert (await http.get(results, headers=bearer(key))).status_code == 200


async def test_pages_of_the_staff_follow_the_state_of_the_contest(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    key = bearer(await contests.staff_key("organiser", None))
    running, over = await contests.make(), (await certified(contests, office, RULES)).contest.id

    async def cautioned(id: str) -> bool:
        return ">网页投票仅凭" in (await http.get(f"/board/{id}", headers=key)).text

    async def silent() -> bool:
        # Each worker reads that it is certified within seconds.
        return not await cautioned(over)

    assert await cautioned(running)
    await eventually(silent)
    assert "certification.certify" in (await http.get(f"/control/{over}", headers=key)).text
    assert "件的评分由表格导入" in (await http.get(f"/results/{over}/marks", headers=key)).text
    judging = [pages_of(await office.contest_cache.get(id), frozenset({"judge"}), "zh") for id in (running, over)]
    assert [any("/marking/" in path for _, path in pages) for pages in judging] == [False, True]


async def test_a_revoked_key_is_refused_within_seconds_and_its_session_too(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    key = await contests.staff_key("organiser", contest)
    path = f"/api/v1/contests/{contest}/results"
    assert (await http.get(path, headers=bearer(key))).status_code == 200
    assert (await http.post("/api/v1/staff/session", json={"key": key})).status_code == 201
    assert (await http.get(path)).status_code == 200
    await office.staff_keys.revoke(key.split("_")[1])

    async def refused() -> bool:
        answers = [await http.get(path, headers=bearer(key)), await http.get(path)]
        return [answer.status_code for answer in answers] == [401, 401]

    await eventually(refused)


async def test_sign_in_and_out(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    key = await contests.staff_key("organiser", contest)
    assert refusal(await http.post("/api/v1/staff/session", json={"key": "vsk_x_y"})) == (401, "credential_invalid")
    signed = await http.post("/api/v1/staff/session", json={"key": key})
    assert signed.json() == {"name": "test organiser", "role": "organiser", "contest": contest}
    cookie = signed.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    for path in ("", "/screen"):
        assert f'data-contest="{contest}"' in (await http.get(f"/board/{contest}{path}")).text
    assert (await http.delete("/api/v1/staff/session")).status_code == 204
    assert 'id="sign-in"' in (await http.get(f"/board/{contest}")).text


async def test_results_in_three_formats(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make("[public_points]\npoints = 2\nplaces = 4\n[[quota]]\npicks = 9\n", entries=4)
    for number, token in enumerate(contests.tokens(contest, 6)):
        entry = ["A001", "A001", "A001", "A002", "A002", "A003"][number]
        assert (await cast(http, contest, token, [entry])).status_code == 201
    key = bearer(await contests.staff_key("judge", contest))
    path = f"/api/v1/contests/{contest}/results"
    content = (await http.get(path, headers=key)).json()
    # By hand: the leader has 3 picks; 2 x 3/3 = 2, 2 x 2/3 = 1.3333, 2 x 1/3 = 0.6667 (half up), 2 x 0/3 = 0.
    expected = [("A001", 3, 1, "2.0000"), ("A002", 2, 2, "1.3333"), ("A003", 1, 3, "0.6667"), ("A004", 0, 4, "0.0000")]
    got = [(row["entry"], row["counted"], row["rank"], row["public_points"]) for row in content["entries"]]
    assert got == expected
    assert content["normaliser"] == {
        "name": "linear_to_leader",
        "points": 2,
        "scope": "all",
        "places": 4,
        "rounding": "half_up",
    }
    assert len(content["document_sha256"]) == len(content["input_sha256"]) == 64
    answer = await http.get(path, headers=key, params={"format": "csv"})
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["entry"], int(row["raw"]), Decimal(row["public_points"])) for row in rows] == [
        (code, count, Decimal(points)) for code, count, _, points in expected
    ]
    content = (await http.get(path, headers=key, params={"format": "xlsx"})).content
    book = openpyxl.load_workbook(io.BytesIO(content), data_only=True)
    cells = list(book["results"].iter_rows(min_row=2, max_col=9, values_only=True))
    assert [(row[0], row[6], row[8]) for row in cells[:4]] == [
        (code, count, float(points)) for code, count, _, points in expected
    ]
    assert refusal(await http.get(path, headers=key, params={"format": "pdf"})) == (400, "malformed")


async def test_a_title_cannot_become_a_formula(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    from voting.domain.entry import Entry

    contest = await contests.make(entries=1)
    await office.contest_admin.import_roster(contest, [Entry("A001", "=1+1", "@x", "one")], {}, amend=True)
    key = bearer(await contests.staff_key("judge", contest))

    async def renewed() -> bool:
        text = (await http.get(f"/api/v1/contests/{contest}/results?format=csv", headers=key)).text
        return "'=1+1,'@x" in text

    await eventually(renewed)


@asynccontextmanager
async def board(http: httpx.AsyncClient, contest: str, headers: dict[str, str]) -> AsyncIterator[AsyncIterator[Any]]:
    """Yields the live board's events as (name, id, data)."""
    async with http.stream("GET", f"/api/v1/contests/{contest}/live", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["x-accel-buffering"] == "no"
        yield _events(answer)


async def _events(answer: httpx.Response) -> AsyncIterator[tuple[str, str, Any]]:
    fields: dict[str, str] = {}
    async for line in answer.aiter_lines():
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        elif fields:
            if "event" in fields:
                yield fields["event"], fields.get("id", ""), json.loads(fields["data"])
            fields = {}


async def next_tally(events: AsyncIterator[Any]) -> tuple[str, dict[str, int]]:
    async with asyncio.timeout(30):
        async for name, id, data in events:
            if name == "tally":
                return id, {row["entry"]: row["counted"] for row in data["entries"] if row["counted"]}
    raise AssertionError("the stream ended")


async def test_the_live_board_moves_and_resumes(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    headers = bearer(await contests.staff_key("organiser", contest))
    one, two = contests.tokens(contest, 2)
    async with board(http, contest, headers) as events:
        assert (await next_tally(events))[1] == {}
        await cast(http, contest, one, ["A007"])
        id, picks = await next_tally(events)
        assert picks == {"A007": 1}
    async with board(http, contest, headers | {"Last-Event-ID": id}) as events:
        await cast(http, contest, two, ["A007"])
        assert (await next_tally(events))[1] == {"A007": 2}, "the state that was seen must not be sent again"


async def test_the_live_board_sends_rate_decisions_and_notice(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    (token,) = contests.tokens(contest, 1)
    await cast(
        http,
        contest,
        token,
        [
            "A001",
        ],
    )
    headers = bearer(await contests.staff_key("organiser", contest))
    seen: dict[str, Any] = {}
    async with board(http, contest, headers) as events, asyncio.timeout(30):
        async for name, _, data in events:
            seen[name] = data
            if len(seen) == 5:
                break
    assert seen["rate"] == {"ballots": 1, "seconds": 60}
    assert seen["tiers"]["entries"]["A001"]["issued"] == 1
    assert seen["decisions"] == {"count": 1, "hold": 0, "void": 0}
    assert seen["notice"]["code"] == "phase_open"


async def test_signing_out_ends_the_session_on_the_server(http: httpx.AsyncClient, contests: Contests) -> None:
    contest = await contests.make()
    key = await contests.staff_key("judge", contest)
    await http.post("/api/v1/staff/session", json={"key": key})
    session = {"Cookie": f"voting-staff={http.cookies['voting-staff']}"}
    http.cookies.clear()
    path = f"/api/v1/contests/{contest}/results"
    assert (await http.get(path, headers=session)).status_code == 200
    assert (await http.delete("/api/v1/staff/session", headers=session)).status_code == 204

    async def refused() -> bool:
        return (await http.get(path, headers=session)).status_code == 401

    await eventually(refused)


async def test_reading_results_and_signing_in_are_in_the_audit_log(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    key = await contests.staff_key("judge", contest)
    await http.post("/api/v1/staff/session", json={"key": key})
    await http.get(f"/api/v1/contests/{contest}/results")
    async with office.database.connection() as connection:
        rows = await connection.fetch("select actor, action from audit_log where contest = $1 order by id", contest)
    actor = f"key:{key.split('_')[1]}"
    assert [(row["actor"], row["action"]) for row in rows][-2:] == [
        (actor, "staff.session.open"),
        (actor, "results.read"),
    ]


async def test_an_open_board_ends_soon_after_its_key_is_revoked(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    key = await contests.staff_key("organiser", contest)
    async with board(http, contest, bearer(key)) as events, asyncio.timeout(15):
        assert (await next_tally(events))[1] == {}
        await office.staff_keys.revoke(key.split("_")[1])
        async for _ in events:
            pass
