"""A contest's pages beside the vote: privacy, complaints, a voter's own ballots, and the check of a receipt."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, QueryParameter

from voting.errors import CredentialInvalid
from voting.services.complaints import SUBJECTS
from voting.services.identity.privacy import notice_version
from voting.web.auth import PUBLIC, held_token
from voting.web.dependencies import GivenServices
from voting.web.flood_limiter import READS
from voting.web.i18n.words import WORDS
from voting.web.rendering import about, html, language_of, notice_of, page


@get("/c/{contest:str}/privacy", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_privacy(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns the notice of what is stored of voters."""
    snapshot, language = await services.contest_cache.get(contest), language_of(request)
    notice, version = notice_of(snapshot.contest, language), notice_version(snapshot.contest)
    return html(
        request, page(request, "privacy.html", **about(snapshot.contest, language), notice=notice, version=version)
    )


@get("/c/{contest:str}/complaints", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_complaints(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    reference: Annotated[str, QueryParameter(max_length=100)] = "",
    entry: Annotated[str, QueryParameter(max_length=32)] = "",
) -> Response[str]:
    """Returns the form to complain, about an entry at first if one is named; and what became of a complaint."""
    snapshot, language = await services.contest_cache.get(contest), language_of(request)
    shown = {
        **about(snapshot.contest, language),
        "reference": reference.strip(),
        "found": await services.complaints.find(snapshot, reference) if reference.strip() else None,
        "subjects": SUBJECTS,
        "about": "entry" if entry in snapshot.known_entries else "contest",
        "entry": entry if entry in snapshot.known_entries else "",
        "words": WORDS[language].script,
    }
    return html(request, page(request, "complaints.html", **shown))


@get("/c/{contest:str}/ballots", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_ballots(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[str]:
    """Returns the ballots of the voter whose cookie the browser has, with their receipts."""
    snapshot, language = await services.contest_cache.get(contest), language_of(request)
    token = held_token(request, contest)
    try:
        ballots = await services.own_receipts.latest(snapshot, token) if token else ()
    except CredentialInvalid:
        ballots = ()
    shared = about(snapshot.contest, language)
    return html(request, page(request, "ballots.html", **shared, ballots=ballots, words=WORDS[language].script))


@get("/c/{contest:str}/receipt", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def check_receipt(
    contest: FromPath[str],
    request: Request[Any, Any, Any],
    services: GivenServices,
    code: Annotated[str, QueryParameter(max_length=4000)] = "",
) -> Response[str]:
    """Returns whether a receipt is genuine and its ballot recorded, for anyone who has it."""
    snapshot = await services.contest_cache.get(contest)
    found = await services.own_receipts.check(snapshot, code) if code.strip() else None
    shared = about(snapshot.contest, language_of(request))
    return html(request, page(request, "receipt.html", **shared, code=code.strip(), found=found))
