"""Signing in with an account over HTTP: cookies, other sites' pages, fixation, throttling, sessions, passwords."""

from __future__ import annotations

import secrets
from typing import Any

import httpx
import pytest

from tests.conftest import Contests, as_owner, eventually, refusal
from voting.domain.identity.roles import Grant
from voting.services.staff.passwords import present_code
from voting.services.staff.sign_in import OWN
from voting.settings import Settings
from voting.wiring.admin import AdminServices

SESSION = "/api/v1/staff/session"


class Person:
    """A staff member with an account, and how to sign in."""

    def __init__(self, contest: str, name: str, password: str, secret: str, codes: tuple[str, ...]) -> None:
        self.contest, self.name, self.password, self.secret, self.codes = contest, name, password, secret, list(codes)

    async def sign_in(self, http: httpx.AsyncClient, **headers: str) -> httpx.Response:
        body = {"name": self.name, "password": self.password, "code": self.codes.pop()}
        return await http.post(SESSION, json=body, headers=headers)


@pytest.fixture
async def li(contests: Contests, office: AdminServices, settings: Settings) -> Person:
    async with as_owner(settings) as connection:
        await connection.execute("delete from staff_attempts")
    contest, name = await contests.make(), f"li-{secrets.token_hex(4)}"
    password, factor = await office.staff_accounts.add(name, [Grant("organiser", contest)])
    assert factor
    return Person(contest, name, password, factor.secret, factor.recovery_codes)


def cookies_of(answer: httpx.Response) -> dict[str, str]:
    """Returns each cookie's whole field, in lower case, by its name."""
    fields = answer.headers.get_list("set-cookie")
    return {field.partition("=")[0]: field.lower() for field in fields}


async def test_an_account_signs_in_and_uses_board_and_api(http: httpx.AsyncClient, li: Person) -> None:
    body = {"name": li.name, "password": li.password, "code": present_code(li.secret)}
    signed = await http.post(SESSION, json=body)
    assert (signed.status_code, signed.json()) == (
        201,
        {"name": li.name, "grants": [{"role": "organiser", "contest": li.contest}]},
    )
    for field in cookies_of(signed).values():
        assert "httponly" in field
        assert "samesite=strict" in field
    assert "作品 12" in (await http.get(f"/board/{li.contest}")).text
    assert (await http.get(f"/api/v1/staff/contests/{li.contest}/groups")).status_code == 200
    page = (await http.get("/staff", headers={"Accept-Language": "en"})).text
    assert li.name in page
    assert "Organiser" in page
    assert (await http.delete(SESSION)).status_code == 204
    assert 'id="sign-in"' in (await http.get("/staff")).text
    assert refusal(await http.post(SESSION, json=body)) == (401, "credential_invalid"), "the code was used"


@pytest.mark.parametrize(
    "body",
    [{}, {"name": "li", "key": "vsk"}, {"password": "x"}, {"name": "x" * 201}, {"name": "li", "admin": True}, []],
)
async def test_a_malformed_sign_in_is_refused(http: httpx.AsyncClient, body: Any) -> None:
    assert refusal(await http.post(SESSION, json=body)) == (400, "malformed")


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
]


async def test_another_sites_page_can_do_nothing_with_a_session(http: httpx.AsyncClient, li: Person) -> None:
    for headers in FOREIGN:
        assert refusal(await http.post(SESSION, json={"key": "vsk_x"}, headers=headers)) == (403, "forbidden")
    assert (await li.sign_in(http)).status_code == 201
    decide = f"/api/v1/staff/contests/{li.contest}/groups/none/decisions"
    decision = {"action": "void", "reason": "x", "version": 1}
    change = {"password": li.password, "new_password": "four words of mine", "code": "1"}
    other = "/api/v1/staff/sessions/7a6b0c1e-8d2f-4e3a-9b1c-5d4e3f2a1b0c"
    for headers in FOREIGN:
        for answer in (
            await http.post(decide, json=decision, headers=headers),
            await http.put("/api/v1/staff/password", json=change, headers=headers),
            await http.delete(other, headers=headers),
            await http.delete(SESSION, headers=headers),
        ):
            assert refusal(answer) == (403, "forbidden"), headers
    # A form can send neither JSON nor another method than POST.
    form = await http.post(decide, data={"action": "void"})
    assert refusal(form) == (415, "unsupported_media_type")
    own = str(http.base_url).rstrip("/")
    for headers in ({"Origin": own}, {"Sec-Fetch-Site": "same-origin", "Origin": "null"}, {}):
        assert refusal(await http.post(decide, json=decision, headers=headers)) == (404, "not_found")


async def test_a_session_is_never_one_that_the_browser_brought(http: httpx.AsyncClient, li: Person) -> None:
    planted = secrets.token_urlsafe(32)
    first = await li.sign_in(http, Cookie=f"voting-staff={planted}")
    one = first.headers.get_list("set-cookie")[0].partition(";")[0]
    assert planted not in one
    http.cookies.clear()
    path = f"/api/v1/staff/contests/{li.contest}/groups"
    assert (await http.get(path, headers={"Cookie": f"voting-staff={planted}"})).status_code == 401
    assert (await http.get(path, headers={"Cookie": one})).status_code == 200
    second = await li.sign_in(http, Cookie=one)
    two = second.headers.get_list("set-cookie")[0].partition(";")[0]
    assert one != two
    http.cookies.clear()

    async def ended() -> bool:
        return (await http.get(path, headers={"Cookie": one})).status_code == 401

    await eventually(ended)
    assert (await http.get(path, headers={"Cookie": two})).status_code == 200


async def test_wrong_passwords_are_slowed_whatever_address_they_claim(
    http: httpx.AsyncClient, li: Person, settings: Settings
) -> None:
    assert (await li.sign_in(http)).status_code == 201
    device = {"Cookie": f"voting-staff-device={http.cookies['voting-staff-device']}"}
    http.cookies.clear()
    body = {"name": li.name, "password": "wrong" * 4, "code": "000000"}
    for number in range(OWN[0]):
        answer = await http.post(SESSION, json=body, headers={"X-Forwarded-For": f"192.0.2.{number}"})
        assert refusal(answer) == (401, "credential_invalid")
    async with as_owner(settings) as connection:
        # A loaded machine takes longer than the first delay.
        await connection.execute(
            "update staff_attempts set next_at = clock_timestamp() + interval '1 hour' where failed = $1", OWN[0]
        )
    slowed = await http.post(SESSION, json=body, headers={"X-Forwarded-For": "192.0.2.99"})
    assert refusal(slowed) == (429, "slow_down")
    assert int(slowed.headers["retry-after"]) >= 1
    assert (await li.sign_in(http, **device)).status_code == 201, "the owner's own browser is let in"
    async with as_owner(settings) as connection:
        await connection.execute("delete from staff_attempts")


async def test_an_account_lists_and_ends_its_sessions(http: httpx.AsyncClient, li: Person) -> None:
    await li.sign_in(http)
    former = {"Cookie": f"voting-staff={http.cookies['voting-staff']}"}
    http.cookies.clear()
    await li.sign_in(http)
    listed = (await http.get("/api/v1/staff/sessions")).json()["sessions"]
    assert [sorted(each) for each in listed] == [["expires_at", "id", "opened_at", "seen_at"]] * 2
    assert (await http.delete(f"/api/v1/staff/sessions/{listed[0]['id']}")).status_code == 204
    http.cookies.clear()

    async def ended() -> bool:
        return (await http.get("/api/v1/staff/sessions", headers=former)).status_code == 401

    await eventually(ended)


async def test_an_account_cannot_end_anothers_session(
    http: httpx.AsyncClient, li: Person, office: AdminServices
) -> None:
    name = f"wang-{secrets.token_hex(4)}"
    await office.staff_accounts.add(name, [Grant("owner", li.contest)])
    await office.staff_sessions.open(await office.staff_accounts.find(name), None)
    (session,) = await office.staff_accounts.sessions(name)
    await li.sign_in(http)
    assert refusal(await http.delete(f"/api/v1/staff/sessions/{session.id}")) == (404, "not_found")
    assert len(await office.staff_accounts.sessions(name)) == 1


async def test_a_password_is_changed_with_the_present_one_and_a_code(http: httpx.AsyncClient, li: Person) -> None:
    await li.sign_in(http)

    async def change(password: str, new: str) -> httpx.Response:
        body = {"password": password, "new_password": new, "code": li.codes.pop()}
        return await http.put("/api/v1/staff/password", json=body)

    assert refusal(await change("wrong" * 4, "four words of mine")) == (401, "credential_invalid")
    assert refusal(await change(li.password, "short")) == (400, "malformed")
    assert (await change(li.password, "four words of mine")).status_code == 204
    assert (await http.get("/api/v1/staff/sessions")).status_code == 200, "this session goes on"
    li.password = "four words of mine"
    assert (await li.sign_in(http)).status_code == 201


async def test_auditors_read_the_log_page_by_page(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    key = {"Authorization": f"Bearer {await contests.staff_key('auditor', None)}"}
    snapshot = await office.contest_cache.get(contest)
    person = (await office.staff_sessions.by_key(key["Authorization"].split()[1])).staff
    for _ in range(210):
        await office.staff_sessions.record(person, "results.read", snapshot.contest.id)
    first = (await http.get(f"/api/v1/staff/audit?contest={contest}", headers=key)).json()
    assert len(first["records"]) == 200
    after = f"/api/v1/staff/audit?contest={contest}&after={first['next']}"
    second = (await http.get(after, headers=key)).json()
    actions = [record["action"] for record in [*first["records"], *second["records"]]]
    assert (actions[:2], actions[2:], second["next"]) == (
        ["contest.create", "roster.import"],
        ["results.read"] * 210,
        None,
    )
    assert second["records"][-1]["details"]["name"] == person.name
    assert second["head"]["seq"] >= second["records"][-1]["seq"]
    assert refusal(await http.get("/api/v1/staff/audit?contest=none", headers=key)) == (404, "contest_unknown")
    assert refusal(await http.get("/api/v1/staff/audit?after=x", headers=key)) == (400, "malformed")
