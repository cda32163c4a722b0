"""Voters who are asked to confirm that they are people."""

from __future__ import annotations

from typing import Any, cast

import msgspec
from litestar import Request, post
from litestar.params import FromPath, JSONBody

from voting.domain.identity.channel import Channel
from voting.errors import ChannelClosed, Malformed, NotAsked
from voting.services.identity.providers.mini_program import MiniProgramProof
from voting.services.identity.providers.phone import LIFETIME_SECONDS, PhoneProof
from voting.services.identity.providers.provider import Visitor
from voting.web.api.voters import PhoneCodeRequest
from voting.web.auth import PUBLIC, voter_token
from voting.web.client import Scope
from voting.web.dependencies import GivenClients, GivenServices
from voting.web.flood_limiter import WRITES


class Confirmation(msgspec.Struct, forbid_unknown_fields=True):
    """The proof of one channel: `mini_program`, or `phone` and `code`. Other channels confirm on their own pages."""

    mini_program: MiniProgramProof | None = None
    phone: str | None = None
    code: str | None = None

    def proof(self) -> tuple[Channel, MiniProgramProof | PhoneProof]:
        """Returns the channel and its proof. Raises Malformed."""
        if self.mini_program is not None and self.phone is None and self.code is None:
            return "mini_program", self.mini_program
        if self.mini_program is None and self.phone is not None and self.code is not None:
            return "phone", PhoneProof(self.phone, self.code)
        raise Malformed("send `mini_program`, or `phone` and `code`")


class ReminderRequest(msgspec.Struct, forbid_unknown_fields=True):
    """Whom WeChat is to tell."""

    mini_program: MiniProgramProof


@post("/api/v1/contests/{contest:str}/me/confirmation/phone-codes", status_code=202, opt=WRITES | PUBLIC)
async def send_confirmation_code(
    contest: FromPath[str],
    data: JSONBody[PhoneCodeRequest],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
) -> dict[str, int]:
    """Sends a code to a phone with which the voter confirms; 409 for a voter who is not asked to."""
    snapshot = await services.contest_cache.get(contest)
    token = voter_token(request, contest)
    if services.phone_provider is None:
        raise ChannelClosed
    await services.confirmations.count_code(snapshot, token)
    address = clients.address(cast(Scope, request.scope))
    await services.phone_provider.send_code(snapshot, address, data.phone, data.language, confirms=True)
    return {"expires_in": LIFETIME_SECONDS}


@post("/api/v1/contests/{contest:str}/me/confirmation/reminder", status_code=204, opt=WRITES | PUBLIC)
async def wish_reminder(
    contest: FromPath[str],
    data: JSONBody[ReminderRequest],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
) -> None:
    """Has WeChat tell the voter once, who agreed to it in the mini program; 409 where `/me` names no template."""
    snapshot = await services.contest_cache.get(contest)
    token, provider = voter_token(request, contest), services.mini_program_provider
    if provider is None or not await services.reminders.template(snapshot, token):
        raise NotAsked
    client = clients.read(cast(Scope, request.scope))
    openid = await provider.openid(snapshot, Visitor(client.address, client.agent, token), data.mini_program)
    await services.reminders.wish(snapshot, token, openid)


@post("/api/v1/contests/{contest:str}/me/confirmation/denial", status_code=204, opt=WRITES | PUBLIC)
async def deny(contest: FromPath[str], request: Request[Any, Any, Any], services: GivenServices) -> None:
    """Voids the ballot that the voter is asked about, because it is another's; 409 for who is not asked."""
    snapshot = await services.contest_cache.get(contest)
    await services.disowning.disown(snapshot, voter_token(request, contest))


@post("/api/v1/contests/{contest:str}/me/confirmation", status_code=204, opt=WRITES | PUBLIC)
async def confirm(
    contest: FromPath[str],
    data: JSONBody[Confirmation],
    request: Request[Any, Any, Any],
    services: GivenServices,
    clients: GivenClients,
) -> None:
    """Confirms the voter; 409 for one who is not asked to, or for an identity that confirmed another voter."""
    snapshot = await services.contest_cache.get(contest)
    token = voter_token(request, contest)
    channel, proof = data.proof()
    await services.confirmations.check(snapshot, token, channel)
    provider = services.confirming_providers.get(channel)
    if provider is None:
        raise ChannelClosed
    client = clients.read(cast(Scope, request.scope))
    subjects = await provider.identify(snapshot, Visitor(client.address, client.agent, token), proof)
    await services.confirmations.confirm(snapshot, token, channel, subjects)
