"""Objections to a published result: anybody files one, the host answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, JSONBody

from voting.services.results.objections import Matter
from voting.services.second_person import person_of
from voting.web.auth import PUBLIC, by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import WRITES

Outcome = Literal["answered", "proposed"]


class NewObjection(msgspec.Struct, forbid_unknown_fields=True):
    """What is objected to, and why."""

    matter: Matter
    body: Annotated[str, msgspec.Meta(min_length=10, max_length=2000)]


class Answer(msgspec.Struct, forbid_unknown_fields=True):
    """The answer as it is published."""

    answer: Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]


@post("/api/v1/contests/{contest:str}/objections", status_code=201, opt=WRITES | PUBLIC)
async def file_objection(
    contest: FromPath[str], data: JSONBody[NewObjection], services: GivenServices
) -> dict[str, int]:
    """Takes an objection; returns the number under which its answer is published; 409 outside the publication."""
    snapshot = await services.contest_cache.get(contest)
    return {"number": await services.objections.file(snapshot, data.matter, data.body)}


@post(
    "/api/v1/staff/contests/{contest:str}/objections/{number:int}/answer",
    status_code=200,
    opt=WRITES | by("owner", "organiser"),
)
async def answer_objection(
    contest: FromPath[str],
    number: FromPath[int],
    data: JSONBody[Answer],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> Response[dict[str, Outcome]]:
    """Publishes an answer; 202 if a second person must send the same one."""
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    is_published = await services.objections.answer(snapshot, number, data.answer, person_of(person))
    outcome: Outcome = "answered" if is_published else "proposed"
    return Response({"outcome": outcome}, status_code=200 if is_published else 202)
