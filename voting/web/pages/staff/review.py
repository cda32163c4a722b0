"""The reviewers' pages: the queue of groups, one group with its evidence, one ballot, and evidence to print.

Decisions go through the API of groups; these pages only read.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, QueryParameter

from voting.domain.identity.roles import DECIDING, Staff
from voting.domain.language import Language
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.cell_view import in_words as cell_in_words
from voting.services.fraud.group_pictures import READING_BOUNDS
from voting.services.fraud.group_view import alone, effect_in_words, file_as_json, together
from voting.services.fraud.growth import in_words
from voting.services.fraud.review import File, Reviewed
from voting.services.second_person import person_of
from voting.web.auth import by
from voting.web.dependencies import GivenServices, Services
from voting.web.flood_limiter import READS
from voting.web.i18n.words import WORDS
from voting.web.pages.staff.reader import opened
from voting.web.rendering import html, language_of, page

READING = by(*DECIDING, "auditor")


@get("/review/{contest:str}", media_type=MediaType.HTML, opt=READS | READING)
async def show_queue(contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices) -> Response[str]:
    """Returns the groups by their effect on the ranking."""
    snapshot, person, values = await opened(request, services, contest)
    language = language_of(request)
    found = await services.reviews.all(snapshot)
    values["groups"] = [(each, effect_in_words(each, language)) for each in found]
    growth = await services.growths.all(snapshot)
    values["growth"] = [
        (each, in_words(each, language), bool(each.decision and each.decision.actor == person.actor)) for each in growth
    ]
    values["may_decide"] = person.may(DECIDING, contest) and not snapshot.certified
    values["ungrouped"] = await services.reviews.ungrouped(snapshot)
    cells = await services.cells.all(snapshot) if snapshot.contest.verification else ()
    values["cells"] = [
        (each, cell_in_words(each, language), bool(wish and _proposed_by(person, wish.actor, wish.person)))
        for each in cells
        for wish in [each.stored.proposal]
    ]
    return html(request, page(request, "review_queue.html", **values))


@get("/review/{contest:str}/groups/{group:str}", media_type=MediaType.HTML, opt=READS | READING)
async def show_group(
    contest: FromPath[str], group: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns a group with its evidence in words and as pictures, and the form to decide."""
    snapshot, person, values = await opened(request, services, contest)
    language = language_of(request)
    file = await services.reviews.show(snapshot, group)
    values |= await _evidence(services, snapshot, file, language)
    values |= {"is_certified": snapshot.certified, "choices": _choices(file.reviewed, person, contest)}
    if proposal := file.reviewed.group.proposal:
        is_own = _proposed_by(person, proposal.actor, proposal.person)
        values |= {"is_own": is_own, "proposed_at": datetime.fromisoformat(proposal.at)}
    return html(request, page(request, "review_group.html", **values))


@get("/review/{contest:str}/groups/{group:str}/print", media_type=MediaType.HTML, opt=READS | READING)
async def show_pack(
    contest: FromPath[str], group: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns the evidence on a group to print. It names nobody, neither voters nor staff."""
    snapshot, _, values = await opened(request, services, contest)
    language = language_of(request)
    file = await services.reviews.show(snapshot, group)
    values |= await _evidence(services, snapshot, file, language)
    content = file_as_json(file, snapshot.contest.zone)
    values["digest"] = hashlib.sha256(msgspec.json.encode(content, order="deterministic")).hexdigest()
    values["now"] = snapshot.now()
    return html(request, page(request, "review_pack.html", **values))


@get("/review/{contest:str}/ballot", media_type=MediaType.HTML, opt=READS | READING)
async def show_ballot(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    code: Annotated[str, QueryParameter(max_length=4000)] = "",
) -> Response[str]:
    """Returns the history of a ballot by its number or by a voter's receipt. Picks are not shown."""
    snapshot, _, values = await opened(request, services, contest)
    code = code.strip()
    values |= {"code": code, "ballot": None, "receipt": None}
    if code:
        receipt = await services.own_receipts.check(snapshot, code)
        ballot = _ballot_number(receipt.ballot if receipt else code)
        history = await services.reviews.history(snapshot, ballot) if ballot else ()
        # A number alone proves nothing: without a receipt the ballot is known only by what was decided about it.
        values |= {"receipt": receipt, "ballot": ballot if receipt or history else None, "history": history}
    return html(request, page(request, "review_ballot.html", **values))


def _ballot_number(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def _evidence(services: Services, snapshot: ContestSnapshot, file: File, language: Language) -> dict[str, Any]:
    """Returns what both pages of a group show."""
    reviewed, t = file.reviewed, WORDS[language]
    seconds = [bound // 1000 for bound in READING_BOUNDS]
    return {
        "file": file,
        "group": reviewed.group,
        "effect": effect_in_words(reviewed, language),
        "evidence": [(each, alone(each, language)) for each in reviewed.evidence],
        "together": together(reviewed, language),
        "pictures": await services.reviews.pictures(snapshot, reviewed.group),
        "bounds": [
            t.review_under.format(seconds[0]),
            *(t.review_between.format(*pair) for pair in pairwise(seconds)),
            t.review_over.format(seconds[-1]),
        ],
        "entries": snapshot.known_entries,
    }


def _proposed_by(person: Staff, actor: str, name: str) -> bool:
    """Whether the person is who proposed what is waiting."""
    return actor == person.actor or name == person_of(person).name


def _choices(reviewed: Reviewed, person: Staff, contest: str) -> list[tuple[str, str]]:
    """Returns what the person may do now, each with the name of its text: a proposal is confirmed or sent back."""
    group = reviewed.group
    if not person.may(DECIDING, contest) or group.state == "gone":
        return []
    proposal = group.proposal
    if proposal is None:
        return [("release", "release"), ("void", "void")] if group.state == "open" else [("undo", "undo")]
    confirm: list[tuple[str, str]] = (
        [] if _proposed_by(person, proposal.actor, proposal.person) else [(proposal.action, "confirm")]
    )
    # A proposal to undo is not sent back: whoever wants that leaves it.
    return confirm if proposal.action == "undo" else [*confirm, ("undo", "withdraw")]
