"""The judges' pages: a round's entries with what is missing, and one entry to mark; and who has marked how much.

They show neither votes nor another judge's marks.
"""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath

from voting.domain.identity.roles import ORGANISING
from voting.errors import FileInvalid, NotFound
from voting.services.results.marks import check_marks
from voting.services.second_person import person_of
from voting.web.auth import by
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import FILES, READS
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, page

JUDGES = by("judge")
SHOWN_FAULTS = 200


@get("/marking/{contest:str}", media_type=MediaType.HTML, opt=READS | JUDGES)
async def show_rounds(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns each round with the judge's progress, what is missing, and the button to submit."""
    snapshot, person, values = await opened(request, services, contest)
    judge, rounds = person_of(person), snapshot.contest.rounds
    values["sheets"] = [await services.marking.sheet(snapshot, each.id, judge) for each in rounds]
    return html(request, page(request, "marking_rounds.html", **values))


@get("/marking/{contest:str}/{round_id:str}/{code:str}", media_type=MediaType.HTML, opt=READS | JUDGES)
async def show_marking(
    contest: FromPath[str],
    round_id: FromPath[str],
    code: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> Response[str]:
    """Returns one entry with its criteria; marks are kept as they are written."""
    snapshot, person, values = await opened(request, services, contest)
    sheet = await services.marking.sheet(snapshot, round_id, person_of(person))
    place = next((place for place, item in enumerate(sheet.items) if item.entry.code == code), None)
    if place is None:
        raise NotFound(f"entry {code[:64]!r} is not marked in this round")
    values |= {
        "sheet": sheet,
        "item": sheet.items[place],
        # The next one that is missing, from here on and round to the first.
        "next_missing": next(
            (each.entry.code for each in (*sheet.items[place + 1 :], *sheet.items[:place]) if not each.is_done), ""
        ),
        "before": sheet.items[place - 1].entry.code if place else "",
        "after": sheet.items[place + 1].entry.code if place + 1 < len(sheet.items) else "",
    }
    return html(request, page(request, "marking.html", **values))


@get("/results/{contest:str}/marks", media_type=MediaType.HTML, opt=READS | by("owner", "organiser", "auditor"))
async def show_progress(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns which judges have marked how much, and the forms that send a submission back."""
    snapshot, person, values = await opened(request, services, contest)
    values["progress"] = await services.marking.progress(snapshot)
    values["may_return"] = person.may(ORGANISING, contest) and not snapshot.certified
    return html(request, page(request, "marking_progress.html", **values))


@post(
    "/results/{contest:str}/marks/{round_id:str}",
    media_type=MediaType.HTML,
    status_code=200,
    opt=FILES | by(*ORGANISING),
)
async def check_table(
    contest: FromPath[str], round_id: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns what is wrong with a table of marks, or how many it has, as a part of the page. The body is the file."""
    snapshot, _, values = await opened(request, services, contest)
    body, notes = await request.body(), list[str]()
    values |= {"round_id": round_id, "faults": (), "more": 0, "notes": notes}
    try:
        given = await asyncio.to_thread(check_marks, snapshot, round_id, body, "marks", notice=notes.append)
    except FileInvalid as error:
        values |= {"faults": error.faults[:SHOWN_FAULTS], "more": len(error.faults) - SHOWN_FAULTS}
    else:
        values |= {"marks": len(given), "judges": len({mark.judge for mark in given})}
        values["body_sha256"] = hashlib.sha256(body).hexdigest()
    return html(request, page(request, "marks_report.html", **values))
