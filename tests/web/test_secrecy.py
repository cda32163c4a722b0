"""Decisions stay secret until the result is certified: no public figure, tag or state may show them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.conftest import SECRET, Contests, as_owner, cast, eventually
from tests.fraud.rings import POLICY, SCRIPT, Cast, certifier, crowd, record, tally, void_by_two
from tests.web.test_groups import Desk, again, desk
from voting.services.identity.keyring import Keyring
from voting.wiring.admin import AdminServices

RULES = '[[quota]]\npicks = 5\n[display]\npolicy = "{}"\n'
Seen = dict[str, Any]


async def seen(http: httpx.AsyncClient, contest: str, tokens: list[str]) -> Seen:
    """Returns everything that the public, and voters about themselves, can request."""
    base = f"/api/v1/contests/{contest}"
    shown = await http.get(f"{base}/tallies")
    entries = (await http.get(f"{base}/entries?sort=picks")).json()["entries"]
    mine = [(await http.get(f"{base}/me", headers={"Authorization": f"Bearer {token}"})).json() for token in tokens]
    return {
        "tag": shown.headers["etag"],
        "tallies": shown.json()["tallies"],
        "entries": [(each["code"], each["picks"], each["rank"]) for each in entries],
        "states": [ballot["state"] for each in mine for ballot in each["ballots"]],
        "remaining": [each["remaining"]["picks"] for each in mine],
    }


async def voted(http: httpx.AsyncClient, contests: Contests, office: AdminServices, contest: str) -> list[str]:
    """Returns voters' tokens; the first one's ballot was held when cast, the second's is in a ring."""
    tokens = contests.tokens(contest, 3)
    for token in tokens:
        assert (await cast(http, contest, token, ["A001"])).status_code == 201
    keyring = Keyring(SECRET.encode())
    async with as_owner(contests.settings) as connection:
        key = (await connection.fetchval("select hash_key from contests where id = $1", contest)).hex()
        first, second = (
            keyring.voter(contest, key, keyring.open_credential(contest, token).identity) for token in tokens[:2]
        )
        await connection.execute(
            "update batches set facts = (select json_agg(case when voters[place] = $2"
            " then jsonb_set(one::jsonb, '{1}', '\"ring-a\"') else one::jsonb end order by place)"
            " from json_array_elements(facts) with ordinality as each (one, place))"
            " where contest = $1 and $2 = any (voters)",
            *(contest, second),
        )
        held = "update ballots set state = 'hold', reasons = '{C1}' where contest = $1 and voter = $2"
        await connection.execute(held, contest, first)
        moved = "update tallies set held = held + 1, counted = counted - 1, issued = issued - 1, version = version + 1"
        await connection.execute(
            f"{moved} where contest = $1 and shard = (select min(shard) from tallies where contest = $1)", contest
        )
    return tokens


async def test_no_decision_shows_before_the_certification(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(RULES.format("live"), entries=6)
    tokens = await voted(http, contests, office, contest)
    rings = [*crowd(100, 6, "A002", "ring-b"), *crowd(200, 4, "A001", "ring-a"), Cast(300, "A003", "x", "hold", SCRIPT)]
    await record(office.database, contest, [*crowd(0, 8, "A002"), *rings])
    before: Seen = {}

    async def is_settled() -> bool:
        before.update(await seen(http, contest, tokens))
        return [row["picks"] for row in before["tallies"]] == [14, 7, 1, 0, 0, 0]

    await eventually(is_settled)
    assert before["states"] == ["recorded"] * 3

    wang = await desk(http, contests, contest)

    async def ruled(group: str, action: str) -> None:
        assert (await wang.decide(group, action, (await wang.group(group))["version"])).status_code == 200

    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "held near-line": lambda: again(office, contest),
        "a ring is void": lambda: ruled("ring-b", "void"),
        "a ring is released": lambda: ruled("ring-a", "release"),
        "that is undone": lambda: ruled("ring-a", "undo"),
        "and void": lambda: ruled("ring-a", "void"),
    }
    for name, step in steps.items():
        figures = await tally(office.database, contest)
        await step()
        assert await tally(office.database, contest) != figures, "something was decided"
        for _ in range(3):
            assert await seen(http, contest, tokens) == before, name

    await ended(office, contest)
    await follow(http, contest)
    assert (await seen(http, contest, tokens))["tallies"] == before["tallies"], "nor when the window has closed"
    snapshot = await office.contest_cache.renew(contest)
    await void_by_two(office.database, snapshot)
    await certifier(office.database).certify(snapshot, POLICY)

    async def is_told() -> bool:
        after = await seen(http, contest, tokens)
        picks = {row["entry"]: row["picks"] for row in after["tallies"] if row["picks"]}
        return picks == {"A001": 1, "A002": 8} and after["states"] == ["void", "void", "counted"]

    await eventually(is_told)
    await organisers_see_it(wang)


async def organisers_see_it(wang: Desk) -> None:
    shown = {each["entry"]: each for each in (await wang.get("/tallies")).json()["entries"]}
    assert [shown["A002"][name] for name in ("raw", "held", "void", "counted")] == [14, 0, 6, 8]


async def ended(office: AdminServices, contest: str) -> None:
    async with office.database.connection() as connection:
        update = "update contests set closes_at = now(), revision = revision + 1 where id = $1"
        await connection.execute(update, contest)


async def follow(http: httpx.AsyncClient, contest: str) -> None:
    async def is_closed() -> bool:
        return bool((await http.get(f"/api/v1/contests/{contest}")).json()["window"]["phase"] == "closed")

    await eventually(is_closed)


@pytest.mark.parametrize("display", ["delayed", "daily"])
async def test_nor_does_a_later_moment_show_it(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices, display: str
) -> None:
    """Each new moment shows all picks recorded before it; once certified, the counted picks are shown at once."""
    contest = await contests.make(RULES.format(display), opens=timedelta(days=-3), entries=3)
    ring = [*crowd(0, 5, "A001"), *crowd(100, 3, "A001", "ring-a"), Cast(300, "A002", "x", "hold", SCRIPT)]
    await record(office.database, contest, ring, timedelta(days=2))
    await again(office, contest)
    assert await tally(office.database, contest) == {"A001": (8, 3, 5), "A002": (1, 1, 0)}

    async def picks() -> dict[str, int]:
        rows = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()["tallies"]
        return {row["entry"]: row["picks"] for row in rows if row["picks"]}

    assert await picks() == {"A001": 8, "A002": 1}
    await ended(office, contest)
    snapshot = await office.contest_cache.renew(contest)
    await void_by_two(office.database, snapshot)
    await certifier(office.database).certify(snapshot, POLICY)

    async def is_told() -> bool:
        return await picks() == {"A001": 5}

    await eventually(is_told)


async def test_hidden_stays_hidden(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest = await contests.make(RULES.format("hidden"), opens=timedelta(days=-3), closes=timedelta(seconds=-1))
    await record(office.database, contest, crowd(0, 5, "A001"), timedelta(days=2))
    await certifier(office.database).certify(await office.contest_cache.get(contest), POLICY)
    answer = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()
    assert (answer["policy"], answer["tallies"]) == ("hidden", [])
