"""Signs pages for WeChat's JS-SDK, so that a link to them is shown with a title and a picture."""

from __future__ import annotations

import re
import secrets
from typing import Any

from voting.errors import Malformed, NotFound
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.wechat_access import WeChatAccess, explained
from voting.wechat.api import WeChatRefused
from voting.wechat.client import sign_page


class ShareCards:
    """Signs the pages of contests; without a service account none."""

    def __init__(self, access: WeChatAccess | None, public_url: str) -> None:
        self._access = access
        self._public_url = public_url

    @property
    def is_ready(self) -> bool:
        """Whether there is a service account."""
        return self._access is not None

    async def sign(self, snapshot: ContestSnapshot, url: str) -> dict[str, Any]:
        """Returns what `wx.config` takes for the page at this address.

        Raises NotFound without a service account, Malformed for an address that is not a voter's page of this contest,
        and WeChatBusy.
        """
        if self._access is None:
            raise NotFound
        page = rf"{re.escape(self._public_url)}/c/{re.escape(snapshot.contest.id)}(/entries/[^/?#\s]+)?/?"
        if not re.fullmatch(rf"{page}(\?[^#\s]*)?", url):
            raise Malformed("`url` must be the address of a page of this contest, without what follows #")
        try:
            ticket = await self._access.ticket()
        except WeChatRefused as refusal:
            raise explained(refusal) from None
        nonce, timestamp = secrets.token_hex(8), int(snapshot.now().timestamp())
        signature = sign_page(ticket, nonce, timestamp, url)
        return {"appid": self._access.app_id, "timestamp": timestamp, "nonce": nonce, "signature": signature}
