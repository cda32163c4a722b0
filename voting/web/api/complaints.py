"""Complaints: anybody files one, the host answers and closes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

import msgspec
from litestar import Request, post
from litestar.params import FromPath, JSONBody

from voting.domain.identity.roles import ORGANISING
from voting.services.complaints import (
    ANSWER_CHARACTERS,
    BODY_CHARACTERS,
    REASON_CHARACTERS,
    GivenComplaint,
    Subject,
)
from voting.web.auth import PUBLIC, by, permit
from voting.web.client import Scope
from voting.web.dependencies import GivenClients, GivenServices
from voting.web.flood_limiter import WRITES

_OPT = WRITES | by(*ORGANISING)


class NewComplaint(msgspec.Struct, forbid_unknown_fields=True):
    """What is complained of: the contest, an entry by its code, or one's own ballot by its receipt.

    `contact` is for the answer alone; without it the answer is found under the reference.
    """

    about: Subject
    body: Annotated[str, msgspec.Meta(min_length=BODY_CHARACTERS[0], max_length=BODY_CHARACTERS[1])]
    entry: Annotated[str, msgspec.Meta(max_length=32)] = ""
    receipt: Annotated[str, msgspec.Meta(max_length=4000)] = ""
    contact: Annotated[str, msgspec.Meta(max_length=100)] = ""


class ComplaintAnswer(msgspec.Struct, forbid_unknown_fields=True):
    """The answer, for whoever complains."""

    answer: Annotated[str, msgspec.Meta(min_length=1, max_length=ANSWER_CHARACTERS)]


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    """Why a complaint is closed, for the audit log."""

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_CHARACTERS)]


@post("/api/v1/contests/{contest:str}/complaints", status_code=201, opt=WRITES | PUBLIC)
async def file_complaint(
    contest: FromPath[str],
    data: JSONBody[NewComplaint],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
) -> dict[str, str]:
    """Takes a complaint; returns the reference under which its answer is found. Each address may file a few an hour."""
    snapshot = await services.contest_cache.get(contest)
    await services.complaint_limits.admit(snapshot, clients.address(cast(Scope, request.scope)))
    given = GivenComplaint(data.about, data.body, data.entry, data.receipt, data.contact)
    return {"number": await services.complaints.file(snapshot, given)}


@post("/api/v1/staff/contests/{contest:str}/complaints/{number:int}/answer", status_code=200, opt=_OPT)
async def answer_complaint(
    contest: FromPath[str],
    number: FromPath[int],
    data: JSONBody[ComplaintAnswer],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> dict[str, Literal["answered"]]:
    """Answers a complaint, in place of an earlier answer; 404 if it is closed."""
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    await services.complaints.answer(contest, number, data.answer, person.actor)
    return {"outcome": "answered"}


@post("/api/v1/staff/contests/{contest:str}/complaints/{number:int}/close", status_code=200, opt=_OPT)
async def close_complaint(
    contest: FromPath[str],
    number: FromPath[int],
    data: JSONBody[Closing],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> dict[str, Literal["closed"]]:
    """Closes a complaint, answered or not; 404 if it is closed already."""
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    await services.complaints.close(contest, number, data.reason, person.actor)
    return {"outcome": "closed"}
