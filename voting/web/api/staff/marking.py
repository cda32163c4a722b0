"""Marks that judges give online: drafts, the submission, and its return."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

import msgspec
from litestar import Request, post, put
from litestar.params import FromPath, FromQuery, JSONBody

from voting.services.second_person import person_of
from voting.web.api.staff.files import read_checked
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import FILES, WRITES

Text = Annotated[str, msgspec.Meta(max_length=60)]


class Draft(msgspec.Struct, forbid_unknown_fields=True):
    """An entry's marks by criterion, as written; empty ones are missing. `recusal`: why the judge does not mark it."""

    marks: Annotated[dict[Text, Text], msgspec.Meta(max_length=100)]
    recusal: Annotated[str, msgspec.Meta(max_length=500)] = ""


class Return(msgspec.Struct, forbid_unknown_fields=True):
    """Whose marks go back, and why."""

    judge: Text
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


@put(
    "/api/v1/staff/contests/{contest:str}/rounds/{round_id:str}/drafts/{code:str}",
    status_code=204,
    opt=WRITES | by("judge"),
)
async def save_draft(
    contest: FromPath[str],
    round_id: FromPath[str],
    code: FromPath[str],
    data: JSONBody[Draft],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> None:
    """Keeps the judge's own marks of an entry; 409 after the submission."""
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    await services.marking.save(snapshot, round_id, person_of(person), code, data.marks, data.recusal)


@post(
    "/api/v1/staff/contests/{contest:str}/rounds/{round_id:str}/submission", status_code=200, opt=WRITES | by("judge")
)
async def submit_marks(
    contest: FromPath[str], round_id: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> dict[str, int]:
    """Takes the judge's drafts as marks and locks them; 409 while some are missing."""
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    return {"marks": await services.marking.submit(snapshot, round_id, person_of(person))}


@post(
    "/api/v1/staff/contests/{contest:str}/rounds/{round_id:str}/marks",
    status_code=200,
    opt=FILES | by("owner", "organiser"),
)
async def import_marks(
    contest: FromPath[str],
    round_id: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    checked_sha256: FromQuery[str] = "",
) -> dict[str, int | str]:
    """Replaces the round's marks by a CSV or XLSX file, which is the body, as application/octet-stream.

    Returns their number and the file's SHA-256, which the audit log keeps. 422 for a file with faults; 409 if judges
    have submitted marks of the round online, or if the file has not `checked_sha256`.
    """
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    marks = services.marks.acting(person.actor)
    body = await read_checked(request, checked_sha256)
    number = await marks.import_marks(snapshot, round_id, body, "marks")
    return {"marks": number, "sha256": hashlib.sha256(body).hexdigest()}


@post(
    "/api/v1/staff/contests/{contest:str}/rounds/{round_id:str}/returns",
    status_code=204,
    opt=WRITES | by("owner", "organiser"),
)
async def return_marks(
    contest: FromPath[str],
    round_id: FromPath[str],
    data: JSONBody[Return],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> None:
    """Sends a judge's submission back, as drafts."""
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    await services.marking.reopen(snapshot, round_id, data.judge, data.reason, person_of(person))
