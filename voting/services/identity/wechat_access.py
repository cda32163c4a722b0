"""The access token and the JS-SDK ticket of an app of WeChat, fetched once for all processes.

WeChat allows few calls for them. While Redis is away each process keeps its own: WeChat gives all of them the same.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TypeVar

from voting import outgoing, retry_after
from voting.errors import SignInExpired, SignInRefused, SlowDown, TryAgain, VotingError, WeChatBusy
from voting.redis import keys
from voting.redis.values import Values
from voting.services.single_flight import SingleFlight
from voting.wechat.api import WeChatRefused
from voting.wechat.client import App, WeChat

# WeChat renews a token from five minutes before its end.
EARLY_SECONDS = 300
LEAST_SECONDS = 10
# WeChat says 7200 for an old ticket, too.
MOST_TICKET_SECONDS = 3600
# A renewal takes at most two calls.
LEASE_SECONDS = 2 * outgoing.TOTAL_SECONDS + 1
POLL_SECONDS = 0.05
# The codes for a token that is invalid or has ended.
TOKEN_ENDED = (40001, 40014, 42001)
# What other codes mean to the person who signs in; 40163 is usual: a reload, or a shared link with the code in it.
MEANINGS: dict[int, type[VotingError]] = {
    40029: SignInExpired,
    40163: SignInExpired,
    41008: SignInExpired,
    42003: SignInExpired,
    40226: SignInRefused,
    45011: SlowDown,
}
MINUTE_QUOTA_SECONDS = (20, 60)
T = TypeVar("T")

Fetched = tuple[str, float]
"""A token, and for how many seconds to use it."""


class SharedToken:
    """One token, which `fetch` renews; its argument is the token that WeChat has refused, or ""."""

    def __init__(self, values: Values, kind: str, app: str, fetch: Callable[[str], Awaitable[Fetched]]) -> None:
        self._values = values
        self._key = keys.shared_token(kind, app)
        self._lease = keys.shared_token_lease(kind, app)
        self._fetch = fetch
        self._flight = SingleFlight[str]()
        self._own = ""
        self._own_until = 0.0

    async def get(self) -> str:
        """Returns the token. Raises WeChatBusy."""
        if self._own and time.monotonic() < self._own_until:
            return self._own
        return await self._flight.once("", lambda: self._renew(""))

    async def replace(self, refused: str) -> str:
        """Returns another token than one that WeChat has refused, which another process may have fetched already."""
        if self._own == refused:
            self._own = ""
        if self._own:
            return self._own
        return await self._flight.once(refused, lambda: self._renew(refused))

    async def _renew(self, refused: str) -> str:
        holder = secrets.token_hex(8)
        # Redis is away, or another process takes too long.
        with suppress(TryAgain):
            if refused:
                await self._values.drop(self._key, refused)
            if shared := await self._shared_or_leased(holder):
                return self._keep(*shared)
        try:
            token, seconds = await self._fetch(refused)
            with suppress(TryAgain):
                await self._values.put(self._key, token, seconds)
        finally:
            with suppress(TryAgain):
                await self._values.drop(self._lease, holder)
        return self._keep(token, seconds)

    async def _shared_or_leased(self, holder: str) -> Fetched | None:
        """Returns the token of the other processes, or None once this process may fetch it for all. Raises TryAgain."""
        until = time.monotonic() + LEASE_SECONDS
        while time.monotonic() < until:
            if shared := await self._values.get(self._key):
                return shared
            if await self._values.lease(self._lease, holder, LEASE_SECONDS):
                # Another process may have finished between the two calls.
                shared = await self._values.get(self._key)
                if shared:
                    await self._values.drop(self._lease, holder)
                return shared
            await asyncio.sleep(POLL_SECONDS)
        raise TryAgain

    def _keep(self, token: str, seconds: float) -> str:
        self._own, self._own_until = token, time.monotonic() + seconds
        return token


class WeChatAccess:
    """What an app's calls need besides the sign-in."""

    def __init__(self, wechat: WeChat, app: App, values: Values) -> None:
        self.app_id = app.id
        self._wechat = wechat
        self._token = SharedToken(values, "token", app.id, self._fetch_token)
        self._ticket = SharedToken(values, "ticket", app.id, self._fetch_ticket)

    async def with_token(self, call: Callable[[str], Awaitable[T]]) -> T:
        """Returns the result of a call that takes the access token; repeats it once if the token has ended."""
        token = await self._token.get()
        try:
            return await call(token)
        except WeChatRefused as refusal:
            if refusal.code not in TOKEN_ENDED:
                raise
        return await call(await self._token.replace(token))

    async def ticket(self) -> str:
        """Returns the ticket for the signatures of pages."""
        return await self._ticket.get()

    async def _fetch_token(self, refused: str) -> Fetched:
        answer = await self._wechat.access_token(force=False)
        if answer.access_token == refused:
            # WeChat takes it to be valid still.
            answer = await self._wechat.access_token(force=True)
        return answer.access_token, max(answer.expires_in - EARLY_SECONDS, LEAST_SECONDS)

    async def _fetch_ticket(self, _: str) -> Fetched:
        answer = await self.with_token(self._wechat.ticket)
        return answer.ticket, min(max(answer.expires_in - EARLY_SECONDS, LEAST_SECONDS), MOST_TICKET_SECONDS)


def explained(refusal: WeChatRefused) -> VotingError:
    """Returns an error code as an error of ours. One that voters cannot help is logged for the operator."""
    error = MEANINGS.get(refusal.code)
    if error is SlowDown:
        return SlowDown(retry_after=retry_after.spread(*MINUTE_QUOTA_SECONDS))
    if error is not None:
        return error()
    logging.getLogger("voting").error(
        "WeChat refuses this service with error code %d: check the AppID, its secret and its rights at"
        " mp.weixin.qq.com, the IP allowlist included",
        refusal.code,
    )
    return WeChatBusy()
