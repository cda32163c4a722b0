"""Staff: signing in and out, an account's own sessions and password, and the audit log."""

from __future__ import annotations

from typing import Annotated, Any, cast
from uuid import UUID

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from voting.errors import Malformed
from voting.web.auth import (
    OWN_ACCOUNT,
    PUBLIC,
    by,
    check_same_origin,
    device_cookie,
    device_cookie_name,
    own_account,
    permit,
    staff_cookie,
    staff_session,
)
from voting.web.client import ClientReader, Scope
from voting.web.dependencies import GivenClients, GivenOptions, GivenServices
from voting.web.flood_limiter import READS, WRITES

PAGE_RECORDS = 200
_NO_STORE = {"cache-control": "no-store"}
Text = Annotated[str, msgspec.Meta(max_length=200)]


class SignIn(msgspec.Struct, forbid_unknown_fields=True):
    """A staff key; or an account's name, password and, if it has a second factor, code."""

    key: Text = ""
    name: Text = ""
    password: Text = ""
    code: Text = ""


class NewPassword(msgspec.Struct, forbid_unknown_fields=True):
    """The present password and a code, and the new password."""

    password: Text
    new_password: Text
    code: Text = ""


@post("/api/v1/staff/session", status_code=201, opt=WRITES | PUBLIC)
async def sign_in(
    data: JSONBody[SignIn],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
    options: GivenOptions,
) -> Response[dict[str, Any]]:
    """Returns a new session's cookie.

    An account's session ends after 12 hours, after an hour without use, or at sign-out; a key's after 12 hours, at
    sign-out or with its key. 429 with Retry-After for an account or address with too many wrong attempts.
    """
    check_same_origin(request)
    if bool(data.key) == bool(data.name):
        raise Malformed("send a staff key, or the name, password and code of an account")
    if data.key:
        key, session = await services.staff_sessions.sign_in(data.key)
        content: dict[str, Any] = {"name": key.name, "role": key.role, "contest": key.contest}
        cookies = [staff_cookie(session, options.secure_cookies)]
        return Response(content, status_code=201, cookies=cookies, headers=_NO_STORE)
    device = request.cookies.get(device_cookie_name(options.secure_cookies))
    answers = (data.name, data.password, data.code)
    account = await services.staff_sign_in.check(*answers, _address(request, clients), device)
    session = await services.staff_sessions.open(account, staff_session(request))
    cookies = [
        staff_cookie(session, options.secure_cookies),
        device_cookie(services.staff_sign_in.device_of(account), options.secure_cookies),
    ]
    content = {
        "name": account.name,
        "grants": [{"role": each.role, "contest": each.contest} for each in account.grants],
    }
    return Response(content, status_code=201, cookies=cookies, headers=_NO_STORE)


@delete("/api/v1/staff/session", status_code=204, opt=WRITES | PUBLIC)
async def sign_out(request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions) -> Response[None]:
    """Ends the session in all processes."""
    check_same_origin(request)
    if session := staff_session(request):
        await services.staff_sessions.sign_out(session)
    return Response(None, status_code=204, cookies=[staff_cookie("", options.secure_cookies)])


@get("/api/v1/staff/sessions", opt=READS | OWN_ACCOUNT)
async def list_sessions(request: Request[Any, Any, Any], services: GivenServices) -> Response[dict[str, Any]]:
    """Returns the account's live sessions, oldest first."""
    account, _ = await own_account(request, services)
    return Response({"sessions": await services.staff_accounts.sessions(account)}, headers=_NO_STORE)


@delete("/api/v1/staff/sessions/{session:uuid}", status_code=204, opt=WRITES | OWN_ACCOUNT)
async def end_session(session: FromPath[UUID], request: Request[Any, Any, Any], services: GivenServices) -> None:
    """Ends one of the account's sessions, within two seconds in all processes."""
    account, _ = await own_account(request, services)
    await services.staff_accounts.acting(f"account:{account}").end_session(account, session)


@put("/api/v1/staff/password", status_code=204, opt=WRITES | OWN_ACCOUNT)
async def change_password(
    data: JSONBody[NewPassword], request: Request[Any, Any, Any], services: GivenServices, clients: GivenClients
) -> None:
    """Changes the account's password, given the present one and a code; every other session ends."""
    name, session = await own_account(request, services)
    device = request.cookies.get(device_cookie_name(request.app.state.secure_cookies))
    address = _address(request, clients)
    account = await services.staff_sign_in.check(name, data.password, data.code, address, device)
    accounts = services.staff_accounts.acting(account.staff.actor)
    await accounts.change_password(account, data.new_password, session)


@get("/api/v1/staff/audit", opt=READS | by("owner", "auditor"))
async def show_audit(
    request: Request[Any, Any, Any],
    services: GivenServices,
    contest: FromQuery[str | None] = None,
    after: Annotated[int, QueryParameter(ge=0, le=2**62)] = 0,
) -> Response[dict[str, Any]]:
    """Returns the audit log's head and 200 records after the number `after`; `next` is the number for the next page.

    With `contest` only the records of this contest, which its own auditors may read; otherwise all.
    """
    if contest is not None:
        await services.contest_cache.get(contest)
    await permit(request, services, contest)
    head, records = await services.audit_log.page(after, contest, PAGE_RECORDS)
    rows = [
        {
            "seq": each.seq,
            "at": each.at,
            "actor": each.actor,
            "action": each.action,
            "contest": each.contest,
            "details": msgspec.Raw(each.details.encode()),
            "hash": each.hash.hex(),
        }
        for each in records
    ]
    following = records[-1].seq if len(records) == PAGE_RECORDS else None
    content = {"head": {"seq": head.seq, "hash": head.hash.hex()}, "records": rows, "next": following}
    return Response(content, headers=_NO_STORE)


def _address(request: Request[Any, Any, Any], clients: ClientReader) -> str:
    return clients.address(cast(Scope, request.scope)) or ""
