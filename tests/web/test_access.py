"""Who may ask what: every route of the staff x every role x its own contest and another one, over real HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any, NamedTuple, cast, get_args

import httpx
import pytest

from tests.conftest import Contests, refusal
from voting.domain.identity.roles import KEY_ROLES, ROLES, Grant, Role
from voting.services import audit
from voting.services.audit import Action
from voting.services.staff.sessions import StaffSessions
from voting.web.app import create_app
from voting.web.dependencies import Services
from voting.web.i18n.acts import ACTS
from voting.web.options import WebOptions
from voting.wiring.admin import AdminServices

# Values of the other parts of a path, and bodies, with which a request that is let in finds nothing.
NOBODYS = "7a6b0c1e-8d2f-4e3a-9b1c-5d4e3f2a1b0c"
PARTS = {
    "code": "A001",
    "group": "none",
    "cell": "none",
    "growth": "none",
    "number": "1",
    "round_id": "none",
    "ballot": NOBODYS,
    "session": NOBODYS,
}
# By the end of the path.
BODIES = {
    "A001": {"marks": {}},
    "returns": {"judge": "x", "reason": "x"},
    "answer": {"answer": "x"},
    "close": {"reason": "x"},
    "groups/none/decisions": {"action": "void", "reason": "x", "version": 1},
    "/confirmations": {"code": "x", "reason": "x"},
    "growth/none/decisions": {"action": "accept", "reason": "x"},
    "cells/none/decisions": {"action": "accept", "reason": "x"},
    "display": {"policy": "live", "reason": "a reason of ten"},
    "seal": {"document_sha256": "0" * 64},
    "pause": {"reason": "a reason of ten"},
    "resume": {"reason": "a reason of ten"},
    "extension": {"closes_at": "2026-01-01T00:00:00Z", "reason": "a reason of ten"},
    "announcements": {"text": "x", "ends_at": "2020-01-01T00:00"},
    "withdrawals": {"entry": "none", "reason": "a reason of ten"},
    "password": {"password": "x", "new_password": "four words of mine"},
}


# About no one contest: a role for each is needed.
EVERYWHERE = {"/staff/new", "/api/v1/staff/contests"}


class Route(NamedTuple):
    """A route of the staff, and the roles that it declares."""

    method: str
    path: str
    access: Any


class Caller(NamedTuple):
    """Someone who asks, and the credential."""

    role: Role | None
    is_own: bool
    has_account: bool
    headers: dict[str, str]


def staff_routes() -> Iterator[Route]:
    """Every route that is not public: a new one is tested without a line here."""
    app = create_app(lambda: nullcontext(cast(Services, None)), WebOptions())
    for route in cast(Any, app)._app.routes:
        for handler in route.route_handlers:
            access = handler.opt.get("access")
            if access not in (None, "public"):
                (method,) = handler.http_methods - {"HEAD", "OPTIONS"}
                yield Route(method, route.path_format, access)


ROUTES = sorted(staff_routes(), key=lambda route: (route.path, route.method))


class Staff(NamedTuple):
    """A contest and everybody who may ask about it, or may not."""

    contest: str
    callers: list[Caller]


@pytest.fixture(scope="module")
async def staff(contests: Contests) -> Staff:
    own, other = await contests.make(), await contests.make()
    callers = []
    async with contests.office() as office:
        for contest in (own, other):
            for role in ROLES:
                callers.append(Caller(role, contest == own, True, await session(office, Grant(role, contest))))
            for role in KEY_ROLES:
                key = await office.staff_keys.create("matrix", role, contest)
                callers.append(Caller(role, contest == own, False, {"Authorization": f"Bearer {key}"}))
    (voter,) = contests.tokens(own, 1)
    nobodies = [{}, {"Cookie": "voting-staff=nonsense"}, {"Authorization": f"Bearer {voter}"}]
    return Staff(own, [*callers, *(Caller(None, False, False, headers) for headers in nobodies)])


async def session(office: AdminServices, grant: Grant) -> dict[str, str]:
    """Returns the cookie of an account that has signed in."""
    name = f"{grant.role}-{secrets.token_hex(4)}"
    await office.staff_accounts.add(name, [grant])
    account = await office.staff_accounts.find(name)
    return {"Cookie": f"voting-staff={await StaffSessions(office.database).open(account, None)}"}


def expected(route: Route, caller: Caller) -> int:
    """Returns 401, 403, or 0 for a request that is let in."""
    if caller.role is None:
        return 401
    if route.access == "account":
        return 0 if caller.has_account else (401 if "Cookie" not in caller.headers else 403)
    if route.path in EVERYWHERE:
        return 403
    return 0 if caller.is_own and caller.role in route.access else 403


async def ask(http: httpx.AsyncClient, route: Route, contest: str, headers: dict[str, str]) -> tuple[int, str]:
    """Returns the status, and the code of a refusal; a page that shows the sign-in form has refused with 401."""
    path = route.path.format(contest=contest, **PARTS)
    if "{contest}" not in route.path and route.access != "account":
        path += f"?contest={contest}"
    body = next((body for end, body in BODIES.items() if path.endswith(end)), None)
    async with http.stream(route.method, path, headers=headers, json=body) as answer:
        if answer.headers["content-type"].startswith("text/event-stream"):
            return answer.status_code, ""
        # A workbook is no text.
        text = (await answer.aread()).decode(errors="replace")
    if answer.headers["content-type"].startswith("text/html"):
        return (401 if 'id="sign-in"' in text else answer.status_code), ""
    return answer.status_code, answer.json().get("code", "") if text and answer.status_code >= 400 else ""


def test_the_matrix_covers_what_there_is() -> None:
    assert len(ROUTES) >= 13
    assert {("GET", "/api/v1/staff/audit"), ("PUT", "/api/v1/staff/password")} <= {route[:2] for route in ROUTES}
    deciding = next(route for route in ROUTES if route.path.endswith("/decisions"))
    assert deciding.access == {"owner", "organiser", "reviewer"}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_each_route_lets_in_the_roles_that_it_declares_and_nobody_else(
    http: httpx.AsyncClient, staff: Staff, route: Route
) -> None:
    for caller in staff.callers:
        status, code = await ask(http, route, staff.contest, caller.headers)
        wanted, who = expected(route, caller), (caller.role, caller.is_own, caller.has_account)
        if wanted and route.path.startswith(("/board", "/control", "/marking", "/results", "/review", "/staff")):
            # A page answers a refusal with the form to sign in.
            assert status == 401, who
        elif wanted:
            assert (status, code) in ((401, "credential_missing"), (401, "credential_invalid"), (403, "forbidden")), who
            assert status == wanted, who
        elif route.path.endswith("/password"):
            assert (status, code) == (401, "credential_invalid"), "let in, where the present password is asked for"
        else:
            assert status not in (401, 403, 405, 500), (who, status, code)


async def test_a_role_for_every_contest_is_a_role_for_each(http: httpx.AsyncClient, contests: Contests) -> None:
    contest, key = await contests.make(), await contests.staff_key("auditor", None)
    headers = {"Authorization": f"Bearer {key}"}
    for path in (f"contests/{contest}/groups", "audit", f"audit?contest={contest}"):
        assert (await http.get(f"/api/v1/staff/{path}", headers=headers)).status_code == 200
    own = {"Authorization": f"Bearer {await contests.staff_key('auditor', contest)}"}
    assert refusal(await http.get("/api/v1/staff/audit", headers=own)) == (403, "forbidden")
    page = (await http.get(f"/api/v1/staff/audit?contest={contest}", headers=own)).json()
    assert {record["contest"] for record in page["records"]} == {contest}


async def test_the_page_of_the_audit_log_shows_acts_newest_first(http: httpx.AsyncClient, contests: Contests) -> None:
    contest, key = await contests.make(), await contests.staff_key("auditor", None)
    headers = {"Authorization": f"Bearer {key}"}
    async with contests.office() as office:
        await office.contest_admin.pause(contest)
        details = {"reason": "a <b>check</b>", "changed": [{"n": number} for number in range(30)]}
        await office.database.transact(lambda tx: audit.record(tx, "test", "contest.resume", contest, details))
    page = (await http.get(f"/staff/audit?contest={contest}", headers=headers)).text
    assert page.index("contest.resume") < page.index("contest.pause") < page.index("contest.create")
    assert "<dt>理由</dt><dd>a &lt;b&gt;check&lt;/b&gt;</dd>" in page
    assert "恢复投票" in page
    assert "（北京时间）" in page
    assert "UTC" not in page
    assert '{"n": 9}' in page.replace("&#34;", '"')
    assert '{"n": 10}' not in page.replace("&#34;", '"')
    pause = int(page[: page.index("contest.pause")].rpartition('class="hint">')[2].partition(" ")[0])
    older = (await http.get(f"/staff/audit?contest={contest}&before={pause}", headers=headers)).text
    assert "contest.create" in older
    assert "contest.pause" not in older
    assert "contest.pause" in (await http.get("/staff/audit", headers=headers)).text


def test_every_act_has_a_name() -> None:
    assert set(ACTS) == set(get_args(Action))


async def test_a_keys_scopes_and_end_limit_it(
    http: httpx.AsyncClient, contests: Contests, office: AdminServices
) -> None:
    contest = await contests.make()
    path = f"/api/v1/staff/contests/{contest}/groups"
    decision = {"action": "void", "reason": "x", "version": 1}
    for scopes, statuses in ((("read",), (200, 403)), (("write",), (403, 404)), (("read", "write"), (200, 404))):
        key = await office.staff_keys.create("script", "organiser", contest, scopes=scopes)  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {key}"}
        read = await http.get(path, headers=headers)
        write = await http.post(f"{path}/none/decisions", json=decision, headers=headers)
        assert (read.status_code, write.status_code) == statuses
    ended = await office.staff_keys.create("script", "organiser", contest, days=0)
    assert refusal(await http.get(path, headers={"Authorization": f"Bearer {ended}"})) == (401, "credential_invalid")
