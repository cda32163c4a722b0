"""Signs in the users of pages in WeChat (网页授权)."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

from voting.errors import SignInRefused, SnapshotPage, WeChatBusy
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.providers.provider import Flow
from voting.services.identity.wechat_access import explained
from voting.wechat.api import WeChatRefused
from voting.wechat.client import App, PageUser, Scope, WeChat, authorize_url


class WeChatPageProvider:
    """Sends the browser to WeChat's authorize page, and asks WeChat who came back."""

    def __init__(self, wechat: WeChat, app: App, open_url: str) -> None:
        self._wechat = wechat
        self._app = app
        self._open_url = open_url

    async def page(self, snapshot: ContestSnapshot, flow: Flow) -> str:
        """Returns the address of the authorize page.

        Consent is asked for only where the same person may come through the mini program, too: the unionid needs it.
        """
        return authorize_url(self._open_url, self._app.id, flow.redirect_uri, _scope(snapshot), flow.state)

    async def identify(self, snapshot: ContestSnapshot, flow: Flow, query: Mapping[str, str]) -> Sequence[str]:
        """Returns the openid and, if the contest needs it, the unionid.

        Raises SignInRefused without consent, SnapshotPage, SignInExpired for a code that cannot be used, SlowDown and
        WeChatBusy.
        """
        code = query.get("code", "")
        if not code:
            raise SignInRefused
        try:
            user = await self._wechat.page_user(code)
            if user.is_snapshotuser:
                raise SnapshotPage
            if _scope(snapshot) not in user.scope.split(","):
                logging.getLogger("voting").warning("WeChat answered a sign-in with another scope than was asked for")
                raise WeChatBusy
            unionid = await self._unionid(user) if snapshot.contest.voters.needs_unionid else ""
        except WeChatRefused as refusal:
            raise explained(refusal) from None
        openid = f"wechat:{self._app.id}:{user.openid}"
        return [openid, f"unionid:{unionid}"] if unionid else [openid]

    async def _unionid(self, user: PageUser) -> str:
        """Returns the unionid. Without it the person would be another voter in the mini program."""
        unionid = user.unionid or (await self._wechat.user_info(user)).unionid
        if not unionid:
            logging.getLogger("voting").error(
                "WeChat gives no unionid: bind the service account and the mini program to one account at"
                " open.weixin.qq.com, or let the contest have one of both channels"
            )
            raise WeChatBusy
        return unionid


def _scope(snapshot: ContestSnapshot) -> Scope:
    return "snsapi_userinfo" if snapshot.contest.voters.needs_unionid else "snsapi_base"
