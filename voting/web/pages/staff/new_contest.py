"""A new contest: from a file or one of the published documents, checked and explained before it is created."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromQuery

from voting.domain.contest.cautions import cautions
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain
from voting.domain.language import LANGUAGES, Language
from voting.errors import ContestUnknown, FileInvalid, NotScorable
from voting.services.contests.documents import document, document_text, published
from voting.services.results.simulation import made_entries, what_if
from voting.web.auth import by
from voting.web.dependencies import GivenServices, Services
from voting.web.flood_limiter import FILES, READS
from voting.web.pages.staff.reader import reader
from voting.web.rendering import html, language_of, page

OWNERS = by("owner")
ENTRIES = 100
SEED = 1
SHOWN_MOVES = 10


@get("/staff/new", media_type=MediaType.HTML, opt=READS | OWNERS)
async def show_new(
    request: Request[Any, Any, Any], services: GivenServices, document_name: FromQuery[str] = ""
) -> Response[str]:
    """Returns the form for a contest file, with one of the published documents if its name is given."""
    person = await reader(request, services, None)
    known = sorted(snapshot.contest.id for snapshot in await services.contest_cache.all())
    values: dict[str, Any] = {
        "person": person,
        "text": document(document_name) if document_name else "",
        "chosen": document_name,
        "published": published(),
        "contests": known,
    }
    return html(request, page(request, "new_contest.html", **values))


@post("/staff/new", media_type=MediaType.HTML, status_code=200, opt=FILES | OWNERS)
async def check_new(
    request: Request[Any, Any, Any], services: GivenServices, against: FromQuery[str] = ""
) -> Response[str]:
    """Returns what is wrong with a contest file, or its rules in words, as a part of the page.

    The body is the file. `against`: a stored contest or a document; what differs from its rules is shown, too.
    """
    await reader(request, services, None)
    language, body, text = language_of(request), await request.body(), ""
    try:
        text = document_text(body, "contest.toml")
        contest = await asyncio.to_thread(read_contest, text)
    except FileInvalid as error:
        lines = text.split("\n")
        faults = [(fault, lines[fault.line - 1] if 0 < fault.line <= len(lines) else "") for fault in error.faults]
        return html(request, page(request, "new_contest_faults.html", faults=faults))
    values: dict[str, Any] = {
        "contest": contest,
        "body_sha256": hashlib.sha256(body).hexdigest(),
        "rules": {each: explain(contest, each) for each in LANGUAGES},
        "cautions": cautions(contest, language),
        "is_taken": await _exists(services, contest.id),
        "other": None,
    }
    if against:
        other = await _other(services, against)
        values |= {"other": other} | await asyncio.to_thread(_compare, contest, other, language)
    return html(request, page(request, "new_contest_rules.html", **values))


async def _exists(services: Services, contest: str) -> bool:
    try:
        await services.contest_cache.get(contest)
    except ContestUnknown:
        return False
    return True


async def _other(services: Services, name: str) -> Contest:
    """Returns the rules of a document or a stored contest. Raises ContestUnknown."""
    return published().get(name) or (await services.contest_cache.get(name)).contest


def _compare(contest: Contest, other: Contest, language: Language) -> dict[str, Any]:
    """Returns the sentences that only one of the rules has, and which places would change with made-up figures."""
    new, former = explain(contest, language), explain(other, language)
    compared: dict[str, Any] = {
        "added": [sentence for sentence in new if sentence not in former],
        "removed": [sentence for sentence in former if sentence not in new],
        "moves": None,
    }
    try:
        moves = what_if(contest, other, made_entries(other, ENTRIES), SEED)
    except NotScorable as error:
        return compared | {"why_not": str(error)}
    return compared | {"moves": moves[:SHOWN_MOVES], "moved": len(moves), "entries": ENTRIES}
