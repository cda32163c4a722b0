"""Signs in the users of the mini program (小程序)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated

import msgspec

from voting.errors import ChannelClosed, WeChatBusy
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.persons import Persons
from voting.services.identity.providers.provider import Visitor
from voting.services.identity.sign_in_limits import SignInLimits
from voting.services.identity.wechat_access import WeChatAccess, explained
from voting.wechat.api import WeChatRefused
from voting.wechat.client import MiniProgramUser, WeChat

RISK_SECONDS = 2.0
_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class MiniProgramProof(msgspec.Struct, forbid_unknown_fields=True):
    """The codes that the mini program gets from WeChat."""

    code: _Code
    """From wx.login()."""
    phone_code: _Code | None = None
    """From the phone button, for a contest that recognises its voters by their numbers."""


class MiniProgramProvider:
    """Asks WeChat who sent a code."""

    def __init__(
        self, wechat: WeChat, access: WeChatAccess, persons: Persons, limits: SignInLimits, *, asks_risk: bool
    ) -> None:
        self._wechat = wechat
        self._access = access
        self._persons = persons
        self._limits = limits
        self._asks_risk = asks_risk

    async def sign_in(self, snapshot: ContestSnapshot, visitor: Visitor, proof: MiniProgramProof) -> str:
        """Returns the voter's token.

        Raises ChannelClosed, SignInExpired for a code that cannot be used, SignInRefused for a user whom WeChat blocks,
        SlowDown and WeChatBusy.
        """
        if "mini_program" not in snapshot.contest.voters.channels:
            raise ChannelClosed
        snapshot.contest.check_window(snapshot.now())
        user, subjects = await self._verified(snapshot, visitor, proof)
        risk = await self._risk(user.openid, visitor.address)
        return await self._persons.sign_in(snapshot, "mini_program", subjects, risk)

    async def identify(self, snapshot: ContestSnapshot, visitor: Visitor, proof: MiniProgramProof) -> Sequence[str]:
        """Returns the user's subjects. Raises SignInExpired, SignInRefused, SlowDown and WeChatBusy."""
        return (await self._verified(snapshot, visitor, proof))[1]

    async def openid(self, snapshot: ContestSnapshot, visitor: Visitor, proof: MiniProgramProof) -> str:
        """Returns the user's openid. Raises as `identify` does."""
        return (await self._verified(snapshot, visitor, proof))[0].openid

    async def _verified(
        self, snapshot: ContestSnapshot, visitor: Visitor, proof: MiniProgramProof
    ) -> tuple[MiniProgramUser, Sequence[str]]:
        await self._limits.limit(snapshot, "mini program sign-ins", visitor.address)
        try:
            user, phone = await asyncio.gather(
                self._wechat.mini_program_user(proof.code), self._phone_number(proof.phone_code)
            )
        except WeChatRefused as refusal:
            raise explained(refusal) from None
        subjects = [f"mini_program:{self._access.app_id}:{user.openid}"]
        subjects += [f"unionid:{user.unionid}"] if user.unionid else []
        subjects += [f"phone:{phone}"] if phone else []
        return user, subjects

    async def _risk(self, openid: str, address: str | None) -> int | None:
        """Returns WeChat's risk rank. A sign-in does not wait for it long, nor fail without it."""
        if not self._asks_risk or address is None:
            return None
        try:
            async with asyncio.timeout(RISK_SECONDS):
                return await self._access.with_token(lambda token: self._wechat.risk_rank(token, openid, address))
        except (WeChatBusy, WeChatRefused, TimeoutError):
            return None

    async def _phone_number(self, code: str | None) -> str | None:
        if code is None:
            return None
        return await self._access.with_token(lambda token: self._wechat.phone_number(token, code))
