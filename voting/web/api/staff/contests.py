"""What organisers do to a contest: create it, seal its rules, pause, resume, extend, withdraw an entry."""

from __future__ import annotations

import asyncio
from datetime import datetime, time
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath, FromQuery, JSONBody

from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.schema import Display, DisplayPolicy
from voting.domain.identity.roles import ORGANISING
from voting.domain.results.inputs import document_sha256
from voting.errors import Malformed, SecondPersonNeeded, Stale
from voting.services.contests.announcements import TEXT_CHARACTERS
from voting.services.contests.documents import document_text
from voting.services.second_person import person_of
from voting.web.api.staff.files import read_checked
from voting.web.auth import by, permit
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import FILES, WRITES

Outcome = Literal["done", "proposed"]
Reason = Annotated[str, msgspec.Meta(min_length=10, max_length=500)]
_OPT = WRITES | by(*ORGANISING)


Moment = Annotated[str, msgspec.Meta(max_length=40)]


class Pause(msgspec.Struct, forbid_unknown_fields=True):
    """Why the vote is paused, or goes on."""

    reason: Reason


class Extension(msgspec.Struct, forbid_unknown_fields=True):
    """The new end of the window (ISO 8601; without an offset in the contest's time zone), and why."""

    closes_at: Moment
    reason: Reason


class Withdrawal(msgspec.Struct, forbid_unknown_fields=True):
    """The code of the entry that is withdrawn, and why."""

    entry: Annotated[str, msgspec.Meta(min_length=1, max_length=32)]
    reason: Reason


class NewDisplay(msgspec.Struct, forbid_unknown_fields=True):
    """What voters see of the tally from now on, and why. `minutes` is for `delayed`, `at` (HH:MM) for `daily`."""

    policy: DisplayPolicy
    reason: Reason
    minutes: Annotated[int, msgspec.Meta(ge=1, le=1440)] = 5
    at: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "18:00"


class NewAnnouncement(msgspec.Struct, forbid_unknown_fields=True):
    """A notice to voters in plain text, and its time (ISO 8601; without an offset in the contest's time zone).

    An empty `starts_at` is now; an empty `text_en` shows readers of English the Chinese text.
    """

    text: Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARACTERS)]
    ends_at: Moment
    text_en: Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS)] = ""
    starts_at: Moment = ""


class Seal(msgspec.Struct, forbid_unknown_fields=True):
    """The SHA-256 of the contest file as it was read."""

    document_sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


@post("/api/v1/staff/contests", status_code=201, opt=FILES | by("owner"))
async def create(
    request: Request[Any, Any, Any],
    services: GivenServices,
    open_now: FromQuery[bool] = False,
    checked_sha256: FromQuery[str] = "",
) -> dict[str, str]:
    """Creates the contest of a file, which is the body, as application/octet-stream; returns its id.

    `open_now`: its window begins now, with the same length, for trials. `checked_sha256`: of the file that was checked;
    409 for another one. 422 for a file with faults.
    """
    person = await permit(request, services, None)
    text = document_text(await read_checked(request, checked_sha256), "contest.toml")
    contest = await asyncio.to_thread(read_contest, text)
    await services.contest_admin.acting(person.actor).create(contest, text, open_now)
    return {"contest": contest.id}


@post("/api/v1/staff/contests/{contest:str}/pause", status_code=200, opt=_OPT)
async def pause(
    contest: FromPath[str], data: JSONBody[Pause], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Outcome]]:
    """Refuses new ballots until the vote goes on; 409 after the window.

    202 if a second person must send the same within half an hour, after which the vote goes on by itself; the same
    account cannot begin another pause for six hours (409).
    """
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    until = await services.contest_admin.acting(person.actor).pause(contest, data.reason, person_of(person))
    return Response({"outcome": "proposed"}, status_code=202) if until else Response({"outcome": "done"})


@post("/api/v1/staff/contests/{contest:str}/resume", status_code=200, opt=_OPT)
async def resume(
    contest: FromPath[str], data: JSONBody[Pause], request: Request[Any, Any, Any], services: GivenServices
) -> dict[str, Outcome]:
    """Takes ballots again after a pause; 409 after the window."""
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    await services.contest_admin.acting(person.actor).resume(contest, data.reason)
    return {"outcome": "done"}


@post("/api/v1/staff/contests/{contest:str}/extension", status_code=200, opt=_OPT)
async def extend(
    contest: FromPath[str], data: JSONBody[Extension], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Outcome]]:
    """Moves the window's end to a later moment, by a year at most; 202 if a second person must send the same one.

    409 for another moment, or if the sealed rules do not declare it changeable.
    """
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    closes_at = _moment("closes_at", data.closes_at, snapshot.contest)
    admin = services.contest_admin.acting(person.actor)
    try:
        await admin.extend(contest, closes_at, data.reason, person_of(person))
    except SecondPersonNeeded:
        return Response({"outcome": "proposed"}, status_code=202)
    return Response({"outcome": "done"})


@post("/api/v1/staff/contests/{contest:str}/withdrawals", status_code=200, opt=_OPT)
async def withdraw(
    contest: FromPath[str], data: JSONBody[Withdrawal], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Outcome]]:
    """Withdraws an entry; its ballots are kept. 202 if a second person must send the same, once voting has begun.

    409 if the sealed rules do not declare it changeable.
    """
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    admin = services.contest_admin.acting(person.actor)
    try:
        await admin.withdraw(contest, data.entry, data.reason, person_of(person))
    except SecondPersonNeeded:
        return Response({"outcome": "proposed"}, status_code=202)
    return Response({"outcome": "done"})


@post("/api/v1/staff/contests/{contest:str}/seal", status_code=200, opt=_OPT)
async def seal(
    contest: FromPath[str], data: JSONBody[Seal], request: Request[Any, Any, Any], services: GivenServices
) -> dict[str, Outcome]:
    """Seals the rules, which can no longer be replaced; 409 if they are not those of the given hash."""
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    document = (await services.contest_cache.renew(contest)).document
    if document_sha256(document) != data.document_sha256:
        raise Stale
    await services.contest_admin.acting(person.actor).seal(contest, document)
    return {"outcome": "done"}


@post("/api/v1/staff/contests/{contest:str}/display", status_code=200, opt=_OPT)
async def change_display(
    contest: FromPath[str], data: JSONBody[NewDisplay], request: Request[Any, Any, Any], services: GivenServices
) -> dict[str, Outcome]:
    """Changes what voters see of the tally; 409 if the sealed rules do not declare it changeable."""
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    display = Display(data.policy, data.minutes, time.fromisoformat(data.at))
    await services.contest_admin.acting(person.actor).show(contest, display, data.reason)
    return {"outcome": "done"}


@post("/api/v1/staff/contests/{contest:str}/announcements", status_code=201, opt=_OPT)
async def announce(
    contest: FromPath[str], data: JSONBody[NewAnnouncement], request: Request[Any, Any, Any], services: GivenServices
) -> dict[str, int]:
    """Publishes a notice on the voters' pages, for its time; returns its number."""
    snapshot = await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    starts_at = _moment("starts_at", data.starts_at, snapshot.contest) if data.starts_at else None
    ends_at = _moment("ends_at", data.ends_at, snapshot.contest)
    number = await services.announcements.publish(snapshot, data.text, data.text_en, starts_at, ends_at, person.actor)
    return {"number": number}


@post("/api/v1/staff/contests/{contest:str}/announcements/{number:int}/end", status_code=200, opt=_OPT)
async def end_announcement(
    contest: FromPath[str], number: FromPath[int], request: Request[Any, Any, Any], services: GivenServices
) -> dict[str, Outcome]:
    """Takes a notice from the voters' pages before its end."""
    await services.contest_cache.get(contest)
    person = await permit(request, services, contest)
    await services.announcements.end(contest, number, person.actor)
    return {"outcome": "done"}


def _moment(name: str, text: str, contest: Contest) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Malformed(f"{name}: write it as 2026-12-05T18:00, or with an offset: ...+08:00") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=contest.zone)
