"""A voter's own page: what is stored, as a page and as a file, and its erasure."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from litestar import MediaType, Request, Response, get, post
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect

from voting.domain.identity.channel import NAMES
from voting.errors import CredentialInvalid, NotAsked
from voting.services.ballots.voter_status import state_shown
from voting.web.auth import PUBLIC, held_token, voter_cookie, voter_token
from voting.web.dependencies import GivenOptions, GivenServices
from voting.web.flood_limiter import READS, WRITES
from voting.web.rendering import about, html, language_of, page


@get("/c/{contest:str}/me", media_type=MediaType.HTML, opt=READS | PUBLIC)
async def show_own_data(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, erased: FromQuery[bool] = False
) -> Response[str]:
    """Returns the page of what is stored of the voter whose cookie the browser has. `erased`: who has just asked."""
    snapshot, language = await services.contest_cache.get(contest), language_of(request)
    token = held_token(request, contest)
    own = confirmation = None
    if token:
        with suppress(CredentialInvalid):
            own = await services.privacy.own_data(snapshot, token)
            confirmation = await services.confirmations.status(snapshot, token)
    shown = {
        **about(snapshot.contest, language),
        "own": own,
        "erased": erased,
        "confirmation": confirmation,
        "channel": NAMES[language][own.channel] if own else "",
    }
    return html(request, page(request, "own_data.html", **shown))


@post("/c/{contest:str}/me/deny", status_code=303, opt=WRITES | PUBLIC)
async def deny_ballot(contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices) -> Redirect:
    """Voids the ballot that the voter is asked about, because it is another's; other sites' forms do not send it."""
    snapshot = await services.contest_cache.get(contest)
    # Who presses it twice, or too late, reads on the page how it stands.
    with suppress(NotAsked):
        await services.disowning.disown(snapshot, voter_token(request, contest))
    return Redirect(f"/c/{contest}/me", status_code=303)


@get("/c/{contest:str}/me/data", opt=READS | PUBLIC, include_in_schema=False)
async def download_own_data(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns what the page shows as a file for other programs."""
    snapshot, token = await services.contest_cache.get(contest), voter_token(request, contest)
    own = await services.privacy.own_data(snapshot, token)
    content = {
        "contest": contest,
        "channel": own.channel,
        "issued_at": own.issued_at,
        "notice": own.notice,
        "consents": [consent._asdict() for consent in own.consents],
        "ballots": [
            ballot._asdict() | {"state": state_shown(ballot.state, snapshot.certified)} for ballot in own.ballots
        ],
        "identities": own.identities,
        "confirmation": await services.confirmations.status(snapshot, token),
        "is_erasing": own.is_erasing,
    }
    return Response(content, headers={"cache-control": "no-store"})


@post("/c/{contest:str}/me/erase", status_code=303, opt=WRITES | PUBLIC)
async def erase_own_data(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, options: GivenOptions
) -> Redirect:
    """Erases the voter's data and removes the cookie; other sites' forms do not send it."""
    snapshot = await services.contest_cache.get(contest)
    await services.privacy.erase(snapshot, voter_token(request, contest))
    cookies = [voter_cookie(contest, "", secure) for secure in {False, options.secure_cookies}]
    return Redirect(f"/c/{contest}/me?erased=true", status_code=303, cookies=cookies)
