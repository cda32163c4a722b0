"""Voters: challenges, codes, credentials, and the voter's own status."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from voting.domain.identity.channel import Channel
from voting.domain.language import Language
from voting.errors import ChannelClosed, Malformed
from voting.services.identity.providers.mini_program import MiniProgramProof
from voting.services.identity.providers.phone import LIFETIME_SECONDS, PhoneProof
from voting.services.identity.providers.provider import Visitor
from voting.web.auth import PUBLIC, bearer, held_token, voter_cookie, voter_token
from voting.web.client import Scope
from voting.web.dependencies import GivenClients, GivenOptions, GivenServices
from voting.web.flood_limiter import READS, WRITES
from voting.web.rendering import notice_of


class Registration(msgspec.Struct, forbid_unknown_fields=True):
    """The proof of one channel: `challenge`, `mini_program`, or `phone` and `code`."""

    challenge: str | None = None
    """Web: a solved challenge, the base64 text that ALTCHA's clients produce."""
    mini_program: MiniProgramProof | None = None
    phone: str | None = None
    """Phone: the number; without a country code it is of mainland China."""
    code: str | None = None
    """Phone: the code that was sent to it."""

    def proof(self) -> tuple[Channel, Any]:
        """Returns the channel and its proof. Raises Malformed."""
        proofs: dict[Channel, Any] = {"web": self.challenge, "mini_program": self.mini_program}
        if self.phone is not None and self.code is not None:
            proofs["phone"] = PhoneProof(self.phone, self.code)
        elif self.phone is not None or self.code is not None:
            raise Malformed("send `phone` and `code` together")
        given = [(channel, proof) for channel, proof in proofs.items() if proof is not None]
        if len(given) != 1:
            raise Malformed("send `challenge`, `mini_program`, or `phone` and `code`")
        return given[0]


class PhoneCodeRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A phone that a code is to be sent to."""

    phone: str
    """The number; without a country code it is of mainland China."""
    language: Language = "zh"
    """The language of the message."""


class ConsentRequest(msgspec.Struct, forbid_unknown_fields=True):
    """A voter's consent to the notice of what is stored."""

    version: str
    """The version that was shown, as in the contest's `privacy`."""
    language: Language


@post("/api/v1/contests/{contest:str}/challenges", status_code=200, opt=WRITES | PUBLIC)
async def ask_challenge(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices, clients: GivenClients
) -> dict[str, Any]:
    """Returns an ALTCHA challenge for this contest, valid for ten minutes. 409 outside the window."""
    snapshot = await services.contest_cache.get(contest)
    client = clients.read(cast(Scope, request.scope))
    return await services.web_provider.ask(snapshot, client.address, client.agent)


@post("/api/v1/contests/{contest:str}/voters", status_code=201, opt=WRITES | PUBLIC)
async def register_voter(
    contest: FromPath[str],
    data: JSONBody[Registration],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
    options: GivenOptions,
) -> Response[dict[str, Any]]:
    """Returns a credential in the body and as a cookie; 409 outside the window.

    A browser with a valid credential gets the same again; a person of the mini program is the same voter each time.
    """
    snapshot = await services.contest_cache.get(contest)
    held = bearer(request) or held_token(request, contest)
    client = clients.read(cast(Scope, request.scope))
    visitor = Visitor(client.address, client.agent, held)
    channel, proof = data.proof()
    provider = services.posted_providers.get(channel)
    if provider is None:
        raise ChannelClosed
    await services.privacy.show_notice(snapshot, notice_of(snapshot.contest, "zh"), notice_of(snapshot.contest, "en"))
    token = await provider.sign_in(snapshot, visitor, proof)
    content = {"token": token, "ticket": services.keyring.issue_ticket(contest, snapshot.now())}
    cookie = voter_cookie(contest, token, options.secure_cookies)
    return Response(content, status_code=201, cookies=[cookie], headers={"cache-control": "no-store"})


@post("/api/v1/contests/{contest:str}/voters/phone-codes", status_code=202, opt=WRITES | PUBLIC)
async def send_phone_code(
    contest: FromPath[str],
    data: JSONBody[PhoneCodeRequest],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
) -> dict[str, int]:
    """Sends a code to a phone, valid for `expires_in` seconds; 409 outside the window."""
    snapshot = await services.contest_cache.get(contest)
    if services.phone_provider is None:
        raise ChannelClosed
    address = clients.address(cast(Scope, request.scope))
    await services.phone_provider.send_code(snapshot, address, data.phone, data.language)
    return {"expires_in": LIFETIME_SECONDS}


@get("/api/v1/contests/{contest:str}/me", opt=READS | PUBLIC)
async def show_me(
    contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices
) -> Response[dict[str, Any]]:
    """Returns the voter's remaining quota and own ballots' ids and states, never the picks.

    Also whether the voter is asked to confirm, by which channels and until when; `template`: of WeChat's message, which
    the mini program may offer.
    """
    snapshot = await services.contest_cache.get(contest)
    token = voter_token(request, contest)
    content = await services.voter_status.status(snapshot, token)
    if asked := await services.confirmations.status(snapshot, token):
        asked["template"] = await services.reminders.template(snapshot, token)
    content["confirmation"] = asked
    return Response(content, headers={"cache-control": "no-store"})


@put("/api/v1/contests/{contest:str}/me/consent", opt=WRITES | PUBLIC)
async def give_consent(
    contest: FromPath[str],
    data: JSONBody[ConsentRequest],
    request: Request[Any, Any, Any],
    services: GivenServices,
) -> dict[str, Any]:
    """Stores that the voter agreed to this version of the notice, and when; 409 if it is no longer the one shown."""
    snapshot = await services.contest_cache.get(contest)
    token = voter_token(request, contest)
    consent = await services.privacy.consent(snapshot, token, data.version, data.language)
    return {**consent._asdict(), "given_at": consent.given_at.astimezone(snapshot.contest.zone)}


@delete("/api/v1/contests/{contest:str}/me", status_code=204, opt=WRITES | PUBLIC)
async def erase_me(contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices) -> None:
    """Erases what was observed of the voter's ballots and the identities signed in with; the ballots stay."""
    snapshot = await services.contest_cache.get(contest)
    await services.privacy.erase(snapshot, voter_token(request, contest))
