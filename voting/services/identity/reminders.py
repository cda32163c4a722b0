"""WeChat's one message to a voter of the mini program who is asked to confirm and wished to be told.

WeChat delivers it only to who agreed to it in the mini program, once for each time. It needs the openid, which nothing
else of this service keeps: it is stored encrypted, of these voters alone, and deleted when the message is sent or
refused, the voter has answered, or the time is over. The message is sent when all of a cell must confirm, or else a day
before the end, and names no entry.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Collection
from contextlib import suppress
from datetime import timedelta
from functools import partial

from voting.errors import NotAsked, TryAgain, WeChatBusy
from voting.postgres import leases
from voting.postgres.database import Connection, Database
from voting.postgres.identity import reminders
from voting.postgres.identity.reminders import Due
from voting.services.background import repeat
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.identity.confirmations import Confirmations
from voting.services.identity.encryption import decrypt, encrypt
from voting.services.identity.keyring import Keyring
from voting.services.identity.wechat_access import WeChatAccess
from voting.wechat.api import WeChatRefused
from voting.wechat.client import Message, Template, WeChat

ROUND_SECONDS = 5.0
LEASE_SECONDS = 60.0
# The last message may take as long as the rest of the lease.
SENDING_SECONDS = 30.0
MOST_AT_ONCE = 100
BEFORE_THE_END = timedelta(days=1)
PAGE = "pages/confirm/index"
WHAT = "请确认您投的选票"
# The voter has taken the consent back or used it up; the openid is not one of this app's. Other codes are the
# operator's: a wrong template, page or quota, after which the message can be sent again.
VOTERS_OWN = (43101, 40003)
_LEASE = "reminders"
# WeChat's limit for a keyword of the kind `thing`.
_MOST_TITLE = 20


class Reminders:
    """Keeps wishes, sends the messages and deletes what is over; one process of all does the latter two at a time."""

    def __init__(
        self,
        database: Database,
        keyring: Keyring,
        contest_cache: ContestCache,
        confirming: Confirmations,
        sender: tuple[WeChat, WeChatAccess, Template] | None,
    ) -> None:
        self._database = database
        self._keyring = keyring
        self._contest_cache = contest_cache
        self._confirming = confirming
        self._sender = sender
        self._holder = uuid.uuid4()

    async def template(self, snapshot: ContestSnapshot, token: str) -> str:
        """Returns the template for which the mini program may ask the voter's consent; "" if none is to be sent.

        Raises CredentialInvalid.
        """
        if self._sender is None or snapshot.now() >= snapshot.contest.closes_at - BEFORE_THE_END:
            return ""
        try:
            request = await self._confirming.open(snapshot, token)
        except NotAsked:
            return ""
        if request.channel != "mini_program" or request.due_at:
            return ""
        return self._sender[2].id

    async def wish(self, snapshot: ContestSnapshot, token: str, openid: str) -> None:
        """Stores where the message goes. Raises CredentialInvalid, and NotAsked where `template` returns none."""
        if not await self.template(snapshot, token):
            raise NotAsked
        contest, request = snapshot.contest.id, await self._confirming.open(snapshot, token)
        sealed = encrypt(self._key(snapshot), request.voter.hex(), openid)
        await self._database.transact(lambda tx: reminders.put(tx, contest, request.voter, sealed))

    def _key(self, snapshot: ContestSnapshot) -> bytes:
        return self._keyring.key("openid", snapshot.contest.id, snapshot.hash_key)

    async def run(self) -> None:
        """Works until cancelled."""
        try:
            await repeat(self.round, ROUND_SECONDS)
        finally:
            with suppress(TryAgain):
                await self._database.transact(lambda tx: leases.give_back(tx, _LEASE, self._holder))

    async def round(self) -> None:
        """Deletes openids whose time is over, and sends what is due, unless another process does."""

        async def begin(tx: Connection) -> bool:
            # An index makes this free, and a process that cannot send must not keep one that can from it.
            await reminders.forget_over(tx)
            return self._sender is not None and await leases.take(tx, _LEASE, self._holder, LEASE_SECONDS)

        until = time.monotonic() + SENDING_SECONDS
        # The title of a contest may be what WeChat refuses, so others' messages are sent all the same.
        refused: set[str] = set()
        is_sending = await self._database.transact(begin)
        while is_sending and (due := await self._due(refused)):
            for each in due:
                if each.contest in refused:
                    continue
                if time.monotonic() >= until:
                    return
                try:
                    is_done = await self._sent(each)
                except WeChatBusy:
                    # It is tried again. WeChat lets nobody have it twice: the consent is for one message.
                    return
                if is_done:
                    await self._database.transact(partial(reminders.forget, contest=each.contest, voter=each.voter))
                else:
                    refused.add(each.contest)

    async def _due(self, refused: Collection[str]) -> list[Due]:
        async with self._database.connection() as connection:
            return await reminders.select_due(connection, BEFORE_THE_END, MOST_AT_ONCE, refused)

    async def _sent(self, due: Due) -> bool:
        """Sends the message; False where the operator must do something first. Raises WeChatBusy."""
        if self._sender is None:
            return False
        wechat, access, template = self._sender
        snapshot = await self._contest_cache.get(due.contest)
        contest = snapshot.contest
        openid = decrypt(self._key(snapshot), due.voter.hex(), due.openid)
        if openid is None:
            # Encrypted before the secret was changed.
            return True
        until = max(contest.closes_at, due.due_at or contest.closes_at).astimezone(contest.zone)
        words = (contest.title[:_MOST_TITLE], f"{until:%Y年%m月%d日 %H:%M}", WHAT)
        message = Message(openid, template.id, PAGE, dict(zip(template.keywords, words, strict=True)))
        code = 0
        try:
            await access.with_token(lambda token: wechat.send_message(token, message))
        except WeChatRefused as refusal:
            code = refusal.code
        if code == 0 or code in VOTERS_OWN:
            return True
        logging.getLogger("voting").error(
            "WeChat refuses the message that asks voters to confirm with error code %d: check its template, quota and"
            " VOTING_MINI_PROGRAM_MESSAGE; it is tried again",
            code,
        )
        return False
