"""The review API: roles, the need for two reviewers, and careless or hostile use."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import httpx

from tests.conftest import Contests, eventually, refusal
from tests.fraud.rings import POLICY, Cast, crowd, find_rings, history, record, tally
from tests.web.test_staff import bearer
from voting.domain.identity.roles import Grant
from voting.networks.lookup import load_networks
from voting.services.audit import record_policies
from voting.services.fraud.apply_decisions import DecisionWriter, Swept
from voting.services.fraud.ballot_table import load_ballot_table
from voting.wiring.admin import AdminServices

ENTRIES = 30


async def ringed(contests: Contests, office: AdminServices) -> str:
    """A contest of thirty entries, with a large ring for the twelfth and a small one for the last."""
    contest = await contests.make(entries=ENTRIES)
    honest = [each for number in range(1, 21) for each in crowd(1000 * number, 3 * (22 - number), f"A{number:03d}")]
    await record(
        office.database, contest, [*honest, *crowd(50_000, 60, "A012", "ring-big"), *crowd(60_000, 4, "A020", "ring-a")]
    )
    await again(office, contest)
    return contest


async def again(office: AdminServices, contest: str) -> None:
    """Runs one more sweep."""

    async def always(_: object) -> None:
        pass

    ballots = await load_ballot_table(office.database, contest)
    swept = Swept(ballots, find_rings(ballots, POLICY, "nearline"), POLICY, "nearline")
    await DecisionWriter(office.database).apply(contest, swept, always)


class Desk:
    """A reviewer at the API."""

    def __init__(self, http: httpx.AsyncClient, contest: str, key: str) -> None:
        self._http = http
        self._path = f"/api/v1/staff/contests/{contest}"
        self._headers = bearer(key)

    async def get(self, path: str) -> httpx.Response:
        return await self._http.get(f"{self._path}{path}", headers=self._headers)

    async def group(self, group: str) -> dict[str, Any]:
        found: dict[str, Any] = (await self.get(f"/groups/{group}")).json()
        return found

    async def decide(self, group: str, action: str, version: int, reason: str = "looked at it") -> httpx.Response:
        body = {"action": action, "reason": reason, "version": version}
        return await self._http.post(f"{self._path}/groups/{group}/decisions", json=body, headers=self._headers)


async def desk(http: httpx.AsyncClient, contests: Contests, contest: str, name: str = "Wang") -> Desk:
    async with contests.office() as office:
        return Desk(http, contest, await office.staff_keys.create(name, "organiser", contest))


async def test_a_ballot_held_when_cast_has_its_reasons_and_policy(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make(entries=3)
    wang = Desk(http, contest, await contests.staff_key("organiser", contest))
    await record_policies(office.database, POLICY, None, load_networks())
    await record(office.database, contest, [Cast(1, "A001", state="hold"), Cast(2, "A001")], timedelta(0))
    assert (await wang.get("/groups")).json()["ungrouped"] == 1
    async with office.database.connection() as connection:
        found = await connection.fetch("select id, state from ballots where contest = $1 order by sequence", contest)
    histories = [(await wang.get(f"/ballots/{id}/history")).json()["history"] for id, _ in found]
    assert [len(each) for each in histories] == [1, 0]
    line = histories[0][0]
    assert (line["stage"], line["state"], line["reasons"]) == ("online", "hold", ["C1"])
    assert (line["policy_version"], line["policy_sha256"]) == (POLICY.version, POLICY.sha256)


async def test_groups_come_in_the_order_of_their_effect_with_evidence_in_words(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    answer = (await (await desk(http, contests, contest)).get("/groups")).json()["groups"]
    assert [each["group"] for each in answer] == ["ring-big", "ring-a"]
    big, small = answer
    # A012 has 30 of its own; with 60 more it would have 90, and the first has 63.
    assert big["effect"]["shifts"][0] == {"entry": "A012", "counted": 1, "void": 12}
    assert big["effect"]["words"]["en"] == "If it is counted, A012 rises from 12th to 1st."
    assert big["effect"]["words"]["zh"] == "若计入：A012 由第 12 名变为第 1 名。"
    assert (big["needs_two"], small["needs_two"]) == (True, False)
    (evidence,) = big["evidence"]
    assert (evidence["code"], evidence["count"], evidence["expected"]) == ("C3", 60, 1.5)
    assert "60 ballots for entry A012 share one browser fingerprint" in evidence["words"]["en"]
    assert "60张选票" in evidence["words"]["zh"]


async def test_only_organisers_decide(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest, other = await ringed(contests, office), await contests.make()
    for role in ("judge", "auditor"):
        reader = Desk(http, contest, await contests.staff_key(role, contest))
        assert (await reader.get("/groups")).status_code == 200
        assert (await reader.get("/groups/ring-a")).status_code == 200
        assert (await reader.get("/tallies")).status_code == 200
        assert refusal(await reader.decide("ring-a", "void", 1)) == (403, "forbidden")
    foreign = Desk(http, contest, await contests.staff_key("organiser", other))
    (voter,) = contests.tokens(contest, 1)
    for path in ("/groups", "/groups/ring-a", "/tallies"):
        assert refusal(await foreign.get(path)) == (403, "forbidden")
        assert refusal(await Desk(http, contest, voter).get(path)) == (401, "credential_invalid")
    wang = await desk(http, contests, contest)
    assert refusal(await wang.get("/groups/none")) == (404, "not_found")
    assert refusal(await wang.decide("ring-a", "void", 1, reason="")) == (400, "malformed")
    assert refusal(await wang.decide("ring-a", "destroy", 1)) == (400, "malformed")


async def test_a_small_group_is_void_at_once_released_and_undone_and_the_boards_follow(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    wang = await desk(http, contests, contest)
    for action, state, figures in (
        ("void", "void", (10, 0, 6)),
        ("release", "released", (10, 0, 10)),
        ("undo", "open", (10, 4, 6)),
        ("release", "released", (10, 0, 10)),
    ):
        version = (await wang.group("ring-a"))["version"]
        answer = await wang.decide("ring-a", action, version)
        assert (answer.status_code, answer.json()["outcome"], answer.json()["state"]) == (200, "decided", state)
        assert (await tally(office.database, contest))["A020"] == figures

    async def is_shown() -> bool:
        found = (await http.get(f"/api/v1/contests/{contest}/tallies")).json()["tallies"]
        return ("A020", 10) in [(each["entry"], each["picks"]) for each in found]

    await eventually(is_shown)
    shown = {each["entry"]: each for each in (await wang.get("/tallies")).json()["entries"]}
    big = {"raw": 90, "held": 60, "void": 0, "counted": 30, "raw_rank": 1, "rank": 12}
    tiers = {"issued": 30, "rated": 0, "wechat": 0, "verified": 0, "web": 0}
    assert shown["A012"] == {"entry": "A012", **big, "tiers": tiers}
    # Each ballot has its history.
    found = await wang.group("ring-a")
    assert [each["action"] for each in found["rulings"]] == ["void", "release", "undo", "release"]
    ballot = found["sample"][0]["ballot"]
    lines = (await wang.get(f"/ballots/{ballot}/history")).json()["history"]
    assert [(each["stage"], each["state"]) for each in lines] == [
        ("nearline", "hold"),
        ("review", "void"),
        ("review", "count"),
        ("review", "hold"),
        ("review", "count"),
    ]
    assert all(each["reasons"] == ["A1", "C3"] for each in lines)


async def test_no_sweep_overrules_a_reviewer(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    wang = await desk(http, contests, contest)
    await wang.decide("ring-a", "release", (await wang.group("ring-a"))["version"])
    await record(office.database, contest, crowd(70_000, 3, "A020", "ring-a"))
    await again(office, contest)
    # The reviewer did not see ballots that came after the decision, so they form another group.
    assert (await tally(office.database, contest))["A020"] == (13, 3, 10)
    assert (await wang.group("ring-a"))["ballots"] == 4
    assert (await wang.group("ring-a-2"))["ballots"] == 3


async def test_groups_with_a_large_effect_need_two_reviewers(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    wang, li = await desk(http, contests, contest), await desk(http, contests, contest, "Li")
    version = (await wang.group("ring-big"))["version"]
    first = await wang.decide("ring-big", "void", version)
    assert (first.status_code, first.json()["outcome"]) == (202, "proposed")
    assert (await tally(office.database, contest))["A012"] == (90, 60, 30)
    # The same page clicked twice; then the page read again, and a second key of the same person.
    assert (await wang.decide("ring-big", "void", version)).json()["outcome"] == "unchanged"
    version = first.json()["version"]
    assert refusal(await wang.decide("ring-big", "void", version)) == (403, "forbidden")
    twin = await desk(http, contests, contest, " wang ")
    assert refusal(await twin.decide("ring-big", "void", version)) == (403, "forbidden")
    # A page from before the proposal cannot confirm it, and another action is not a confirmation.
    assert refusal(await li.decide("ring-big", "void", version - 1)) == (409, "stale")
    assert refusal(await li.decide("ring-big", "release", version)) == (409, "stale")
    # While it waits, no sweep changes what the first reviewer saw.
    await record(office.database, contest, crowd(80_000, 5, "A012", "ring-big"))
    await again(office, contest)
    assert (await li.group("ring-big"))["version"] == version
    done = await li.decide("ring-big", "void", version)
    assert (done.status_code, done.json()["outcome"], done.json()["ballots"]) == (200, "decided", 60)
    assert (await tally(office.database, contest))["A012"] == (95, 5, 30)
    # Undoing it needs two reviewers, too.
    version = done.json()["version"]
    assert (await li.decide("ring-big", "undo", version)).status_code == 202
    assert (await wang.decide("ring-big", "undo", version + 1)).json()["state"] == "open"
    assert (await tally(office.database, contest))["A012"] == (95, 65, 30)


async def test_once_there_are_accounts_two_of_them_decide(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    sessions = []
    for grant in (Grant("organiser", contest), Grant("reviewer", contest)):
        name = f"{grant.role}-{secrets.token_hex(4)}"
        await office.staff_accounts.add(name, [grant])
        sessions.append(await office.staff_sessions.open(await office.staff_accounts.find(name), None))
    path = f"/api/v1/staff/contests/{contest}/groups/ring-big"
    script = await desk(http, contests, contest)
    version = (await script.group("ring-big"))["version"]
    assert refusal(await script.decide("ring-big", "void", version)) == (403, "forbidden"), "a key of nobody"
    answers = []
    for session in (sessions[0], *sessions):
        cookie = {"Cookie": f"voting-staff={session}"}
        version = (await http.get(path, headers=cookie)).json()["version"]
        body = {"action": "void", "reason": "one script", "version": version}
        answers.append(await http.post(f"{path}/decisions", json=body, headers=cookie))
    assert [answer.status_code for answer in answers] == [202, 403, 200]
    assert (await tally(office.database, contest))["A012"] == (90, 0, 30)
    # What changes no place that matters takes one, even a key.
    assert (await script.decide("ring-a", "void", (await script.group("ring-a"))["version"])).status_code == 200


async def test_a_proposal_can_be_withdrawn(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest = await ringed(contests, office)
    wang = await desk(http, contests, contest)
    version = (await wang.group("ring-big"))["version"]
    await wang.decide("ring-big", "void", version)
    answer = await wang.decide("ring-big", "undo", version + 1)
    assert (answer.json()["outcome"], answer.json()["proposal"], answer.json()["state"]) == ("withdrawn", None, "open")
    steps = [(each["step"], each["action"]) for each in (await wang.group("ring-big"))["rulings"]]
    assert steps == [("propose", "void"), ("withdraw", "undo")]
    assert await history(office.database, contest) == [("nearline", "hold", 64)]


async def test_a_stale_page_decides_nothing(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest = await ringed(contests, office)
    wang = await desk(http, contests, contest)
    version = (await wang.group("ring-a"))["version"]
    await record(office.database, contest, crowd(70_000, 3, "A020", "ring-a"))
    await again(office, contest)
    answer = await wang.decide("ring-a", "void", version)
    assert refusal(answer) == (409, "stale")
    assert answer.json()["version"] == (await wang.group("ring-a"))["version"]
    assert (await tally(office.database, contest))["A020"] == (13, 7, 6)


async def test_framing_a_rival_takes_nothing_of_the_rivals_own(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await ringed(contests, office)
    before = (await tally(office.database, contest))["A001"]
    await record(office.database, contest, crowd(90_000, 40, "A001", "ring-frame"))
    await again(office, contest)
    wang = await desk(http, contests, contest)
    li = await desk(http, contests, contest, "Li")
    found = await wang.group("ring-frame")
    # Nobody's place changes: the rival leads with and without it.
    assert (found["effect"]["shifts"], found["needs_two"]) == ([], False)
    await li.decide("ring-frame", "void", found["version"])
    after = (await tally(office.database, contest))["A001"]
    assert (after[1], after[2]) == (before[1], before[2])


async def test_each_act_is_in_the_audit_log(http: httpx.AsyncClient, contests: Contests, office: AdminServices) -> None:
    contest = await ringed(contests, office)
    wang, li = await desk(http, contests, contest), await desk(http, contests, contest, "Li")
    version = (await wang.group("ring-big"))["version"]
    await wang.decide("ring-big", "void", version, "one script")
    await li.decide("ring-big", "void", version + 1, "so it is")
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select action, details->>'reason' as reason, details->>'person' as person from audit_log"
            " where contest = $1 and action like 'group.%' order by id",
            contest,
        )
    assert [tuple(row) for row in rows] == [("group.propose", "one script", "wang"), ("group.decide", "so it is", "li")]
