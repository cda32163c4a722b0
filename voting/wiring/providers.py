"""Composes the providers of identities: a channel has one line in one of the tables here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from voting import outgoing
from voting.domain.ballots.rate import read_rate
from voting.domain.identity.channel import Channel
from voting.messages.sender import LogSender, Sender, WebhookSender
from voting.postgres.database import Database
from voting.redis.connection import Connected
from voting.services.identity.crowding import Crowding
from voting.services.identity.keyring import Keyring
from voting.services.identity.persons import Persons
from voting.services.identity.proof_of_work import ProofOfWork
from voting.services.identity.providers.mini_program import MiniProgramProvider
from voting.services.identity.providers.provider import ConfirmingProvider, PostedProvider, RedirectProvider
from voting.services.identity.providers.web import WebProvider
from voting.services.identity.providers.wechat_page import WeChatPageProvider
from voting.services.identity.redirects import Redirects
from voting.services.identity.sign_in_limits import SignInLimits
from voting.services.identity.wechat_access import WeChatAccess
from voting.services.rate_limits import RateLimits
from voting.services.share_cards import ShareCards
from voting.settings import Settings
from voting.wechat.api import Api
from voting.wechat.client import App, Template, WeChat

if TYPE_CHECKING:
    # What these import is slow to load, so it is loaded where the channel is used.
    from voting.services.identity.providers.oidc import OidcProvider
    from voting.services.identity.providers.phone import PhoneProvider


@dataclass(frozen=True)
class Providers:
    """The ways in which voters get a credential, and what belongs to them."""

    keyring: Keyring
    persons: Persons
    web: WebProvider
    phone: PhoneProvider | None
    posted: dict[Channel, PostedProvider]
    confirming: dict[Channel, ConfirmingProvider]
    redirects: Redirects
    share_cards: ShareCards
    mini_program: MiniProgramProvider | None
    messages: tuple[WeChat, WeChatAccess, Template] | None
    """What sends the mini program's message."""


@asynccontextmanager
async def open_providers(
    settings: Settings, database: Database, connected: Connected, keyring: Keyring
) -> AsyncIterator[Providers]:
    """Yields the providers of the channels that the settings allow."""
    persons = Persons(database, keyring)
    limits = SignInLimits(keyring, RateLimits(connected.turns, read_rate(settings.limit_registration)))
    crowding = Crowding(keyring, connected.values)
    web = WebProvider(database, keyring, ProofOfWork(keyring), limits, crowding)
    phone = None
    posted: dict[Channel, PostedProvider] = {"web": web}
    confirming: dict[Channel, ConfirmingProvider] = {}
    redirecting: dict[Channel, RedirectProvider] = {}
    page_access = mini_program = messages = None
    async with (
        outgoing.client(allow_private=settings.private_providers) as http,
        outgoing.client(allow_private=True, base_url=settings.wechat_api) as wechat_http,
    ):
        api = Api(wechat_http)
        if settings.phone_sender:
            phone = posted["phone"] = confirming["phone"] = _phone_provider(
                settings, connected, http, keyring, persons, limits
            )
        if settings.wechat_appid:
            app = App(settings.wechat_appid, settings.wechat_secret or settings.wechat_secret_file)
            page = WeChat(api, app)
            page_access = WeChatAccess(page, app, connected.values)
            redirecting["wechat"] = WeChatPageProvider(page, app, settings.wechat_open)
        if settings.oidc_issuer:
            redirecting["oidc"] = _oidc_provider(settings, http, keyring)
        if settings.mini_program_appid:
            app = App(settings.mini_program_appid, settings.mini_program_secret or settings.mini_program_secret_file)
            mini = WeChat(api, app)
            access = WeChatAccess(mini, app, connected.values)
            mini_program = posted["mini_program"] = confirming["mini_program"] = MiniProgramProvider(
                mini, access, persons, limits, asks_risk=settings.mini_program_risk
            )
            if settings.mini_program_message:
                id, *keywords = settings.mini_program_message
                messages = mini, access, Template(id, tuple(keywords))
        redirects = Redirects(database, keyring, persons, limits, settings.public_url, redirecting)
        share_cards = ShareCards(page_access, settings.public_url)
        yield Providers(
            keyring, persons, web, phone, posted, confirming, redirects, share_cards, mini_program, messages
        )


def _phone_provider(
    settings: Settings,
    connected: Connected,
    http: httpx.AsyncClient,
    keyring: Keyring,
    persons: Persons,
    limits: SignInLimits,
) -> PhoneProvider:
    from voting.services.identity.providers.phone import PhoneProvider

    rates = (settings.limit_phone, settings.limit_phone_address, settings.limit_phone_contest)
    rate_limits = RateLimits(connected.turns, *(read_rate(rate) for rate in rates))
    sender: Sender = LogSender()
    if settings.phone_sender != "log":
        sender = WebhookSender(http, settings.phone_sender, settings.phone_secret or settings.phone_secret_file)
    return PhoneProvider(keyring, persons, limits, rate_limits, connected.values, sender)


def _oidc_provider(settings: Settings, http: httpx.AsyncClient, keyring: Keyring) -> OidcProvider:
    from voting.oidc.client import OidcClient
    from voting.services.identity.providers.oidc import OidcProvider

    secret = settings.oidc_client_secret or settings.oidc_client_secret_file
    allow_private = settings.private_providers
    client = OidcClient(http, settings.oidc_issuer, settings.oidc_client_id, secret, allow_private=allow_private)
    return OidcProvider(client, keyring)
