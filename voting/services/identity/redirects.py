"""Sign-in on another host's page (OAuth): sends the browser there, and accepts it back once.

What is remembered meanwhile is in a sealed cookie of the browser, so nothing is stored for visitors who never return.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from voting.domain.identity.channel import Channel
from voting.domain.identity.token import mac, seal, unseal
from voting.errors import ChannelClosed, SignInExpired
from voting.postgres import ballots
from voting.postgres.database import Database
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.identity.persons import Persons
from voting.services.identity.providers.provider import Flow, RedirectProvider
from voting.services.identity.sign_in_limits import SignInLimits

LIFETIME = timedelta(minutes=10)


class Pending(msgspec.Struct, frozen=True):
    """A sign-in under way."""

    contest: str
    channel: Channel
    state: str
    back: str
    begun_at: datetime
    is_retry: bool = False
    confirms: bool = False
    """It confirms the voter that the browser is already."""


class Departure(msgspec.Struct, frozen=True):
    """Where to send the browser, and the cookie's value that lets it come back."""

    url: str
    cookie: str


class Redirects:
    """The channels with a sign-in page elsewhere."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        persons: Persons,
        limits: SignInLimits,
        public_url: str,
        providers: Mapping[Channel, RedirectProvider],
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._persons = persons
        self._limits = limits
        self._public_url = public_url
        self._providers = providers

    @property
    def channels(self) -> frozenset[Channel]:
        """The channels that are configured on this server."""
        return frozenset(self._providers)

    async def begin(
        self,
        snapshot: ContestSnapshot,
        channel: str,
        back: str,
        address: str | None,
        *,
        is_retry: bool = False,
        confirms: bool = False,
    ) -> Departure:
        """Returns where the sign-in goes on. `back`: the contest's page that the voter came from.

        `confirms`: the voter was asked to confirm through this channel, and signs in nowhere. Raises ChannelClosed,
        ProviderAway, SlowDown, WindowNotOpen or WindowClosed.
        """
        contest = snapshot.contest
        name, provider = self._provider(channel)
        if not confirms:
            _check_open(snapshot, name)
        await self._limits.limit(snapshot, f"sign-ins {name}", address)
        if not re.fullmatch(rf"/c/{re.escape(contest.id)}(/me|/entries/[^/?#\\\s]+)?", back):
            back = f"/c/{contest.id}"
        pending = Pending(contest.id, name, secrets.token_hex(16), back, snapshot.now(), is_retry, confirms)
        cookie = seal(self._keyring.key("sign-in"), msgspec.json.encode(pending))
        return Departure(await provider.page(snapshot, self._flow(pending)), cookie)

    def pending(self, channel: str, cookie: str, state: str) -> Pending:
        """Returns the sign-in that a browser comes back from. Raises SignInExpired if it did not begin there."""
        payload = unseal(self._keyring.key("sign-in"), cookie)
        pending = msgspec.json.decode(payload, type=Pending) if payload else None
        known = pending and hmac.compare_digest(pending.state.encode(), state.encode(errors="replace"))
        if not pending or not known or pending.channel != channel:
            raise SignInExpired
        return pending

    async def finish(
        self, snapshot: ContestSnapshot, pending: Pending, query: Mapping[str, str], address: str | None
    ) -> str:
        """Returns the voter's token. Raises ChannelClosed, WindowClosed, and what `identify` raises."""
        _check_open(snapshot, pending.channel)
        subjects = await self.identify(snapshot, pending, query, address)
        return await self._persons.sign_in(snapshot, pending.channel, subjects)

    async def identify(
        self, snapshot: ContestSnapshot, pending: Pending, query: Mapping[str, str], address: str | None
    ) -> Sequence[str]:
        """Returns the person's subjects. Raises SignInExpired for the second use of a state, and the provider's."""
        contest = snapshot.contest
        channel, provider = self._provider(pending.channel)
        await self._limits.limit(snapshot, f"sign-ins {channel}", address)
        expires_at = pending.begun_at + LIFETIME
        if snapshot.now() >= expires_at:
            raise SignInExpired
        mark = mac(self._keyring.key("sign-in", contest.id), pending.state.encode())
        if not await self._database.transact(lambda tx: ballots.spend_challenge(tx, contest.id, mark, expires_at)):
            raise SignInExpired
        return await provider.identify(snapshot, self._flow(pending), query)

    def _provider(self, channel: str) -> tuple[Channel, RedirectProvider]:
        for name, provider in self._providers.items():
            if name == channel:
                return name, provider
        raise ChannelClosed

    def _flow(self, pending: Pending) -> Flow:
        # From the settings only: headers of the request could lead elsewhere.
        return Flow(pending.state, f"{self._public_url}/sign-in/{pending.channel}")


def _check_open(snapshot: ContestSnapshot, channel: Channel) -> None:
    if channel not in snapshot.contest.voters.channels:
        raise ChannelClosed
    snapshot.contest.check_window(snapshot.now())
