"""The calls to WeChat, as documented at developers.weixin.qq.com.

Each may raise WeChatRefused and WeChatBusy, as said in voting.wechat.api.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple
from urllib.parse import quote

import msgspec

from voting.wechat.api import Api

Scope = Literal["snsapi_base", "snsapi_userinfo"]
"""`snsapi_base` asks the user nothing and yields the openid alone; `snsapi_userinfo` asks for consent."""

_Identifier = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{16,64}$")]
_Optional = Annotated[str, msgspec.Meta(pattern=r"^([A-Za-z0-9_-]{16,64})?$")]
_Secret = Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
_Seconds = Annotated[int, msgspec.Meta(ge=1, le=86400)]


@dataclass(frozen=True, slots=True)
class App:
    """A service account (服务号) or mini program, as registered with WeChat."""

    id: str
    secret: str = field(repr=False)


class PageUser(msgspec.Struct, frozen=True):
    """Who has signed in on a page. `unionid` is "" if WeChat gave none."""

    openid: _Identifier
    scope: str
    access_token: _Secret
    unionid: _Optional = ""
    is_snapshotuser: int = 0
    """1 on a snapshot page, whose openid and unionid are virtual and change."""


class UserInfo(msgspec.Struct, frozen=True):
    """What the user agreed to show; names and pictures are not read."""

    openid: _Identifier
    unionid: _Optional = ""


class MiniProgramUser(msgspec.Struct, frozen=True):
    """Who has signed in in the mini program. The answer's session_key is not read."""

    openid: _Identifier
    unionid: _Optional = ""


class AccessToken(msgspec.Struct, frozen=True):
    """The app's token for calls that concern no single sign-in."""

    access_token: _Secret
    expires_in: _Seconds


class Ticket(msgspec.Struct, frozen=True):
    """What pages' JS-SDK signatures are made with."""

    ticket: _Secret
    expires_in: _Seconds


class _Risk(msgspec.Struct):
    risk_rank: Annotated[int, msgspec.Meta(ge=0, le=4)]


class _PhoneInfo(msgspec.Struct, rename="camel"):
    pure_phone_number: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{5,14}$")]
    country_code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,4}$")]


class _Phone(msgspec.Struct):
    phone_info: _PhoneInfo


class Template(NamedTuple):
    """A message's template, as the operator chose it at WeChat, with the names of its keywords in order."""

    id: str
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message (订阅消息) to a user of the mini program who agreed to one of this template."""

    openid: str = field(repr=False)
    template: str
    page: str
    """Opened by a tap."""
    words: Mapping[str, str]
    """By keyword."""


class _Done(msgspec.Struct):
    """An answer without content."""


class WeChat:
    """One app's calls."""

    def __init__(self, api: Api, app: App) -> None:
        self._api = api
        self._app = app

    async def page_user(self, code: str) -> PageUser:
        """Returns who came back from the authorize page with this code; a code is good for one call."""
        query = {"appid": self._app.id, "secret": self._app.secret, "code": code, "grant_type": "authorization_code"}
        return await self._api.ask("/sns/oauth2/access_token", PageUser, query)

    async def user_info(self, user: PageUser) -> UserInfo:
        """Returns more of a user who agreed to `snsapi_userinfo`."""
        query = {"access_token": user.access_token, "openid": user.openid, "lang": "zh_CN"}
        return await self._api.ask("/sns/userinfo", UserInfo, query)

    async def mini_program_user(self, code: str) -> MiniProgramUser:
        """Returns who called wx.login() and got this code; a code is good for one call."""
        query = {"appid": self._app.id, "secret": self._app.secret, "js_code": code, "grant_type": "authorization_code"}
        return await self._api.ask("/sns/jscode2session", MiniProgramUser, query)

    async def access_token(self, force: bool) -> AccessToken:
        """Returns the app's token: the same to every caller until it ends, so that several processes may ask.

        `force` ends the present token and yields a new one; WeChat allows this 20 times a day.
        """
        body = {
            "grant_type": "client_credential",
            "appid": self._app.id,
            "secret": self._app.secret,
            "force_refresh": force,
        }
        return await self._api.ask("/cgi-bin/stable_token", AccessToken, {}, body)

    async def ticket(self, access_token: str) -> Ticket:
        """Returns the ticket for signatures; WeChat allows few calls."""
        return await self._api.ask("/cgi-bin/ticket/getticket", Ticket, {"access_token": access_token, "type": "jsapi"})

    async def risk_rank(self, access_token: str, openid: str, address: str) -> int:
        """Returns WeChat's opinion of a mini program's user: from 0, none, to 4, a high risk of cheating."""
        body = {"appid": self._app.id, "openid": openid, "scene": 1, "client_ip": address}
        return (await self._api.ask("/wxa/getuserriskrank", _Risk, {"access_token": access_token}, body)).risk_rank

    async def phone_number(self, access_token: str, code: str) -> str:
        """Returns the number behind a code of the mini program's phone button, as +8613800000000."""
        path = "/wxa/business/getuserphonenumber"
        phone = (await self._api.ask(path, _Phone, {"access_token": access_token}, {"code": code})).phone_info
        return f"+{phone.country_code}{phone.pure_phone_number}"

    async def send_message(self, access_token: str, message: Message) -> None:
        """Has WeChat deliver a message. 43101: the user has not agreed to one, or has had it."""
        body = {
            "touser": message.openid,
            "template_id": message.template,
            "page": message.page,
            "miniprogram_state": "formal",
            "lang": "zh_CN",
            "data": {keyword: {"value": text} for keyword, text in message.words.items()},
        }
        await self._api.ask("/cgi-bin/message/subscribe/send", _Done, {"access_token": access_token}, body)


def authorize_url(base: str, app_id: str, redirect_uri: str, scope: Scope, state: str) -> str:
    """Returns the address at which WeChat signs a page's user in. It insists on this order, and on the fragment."""
    return (
        f"{base}/connect/oauth2/authorize?appid={app_id}&redirect_uri={quote(redirect_uri, safe='')}"
        f"&response_type=code&scope={scope}&state={state}#wechat_redirect"
    )


def sign_page(ticket: str, nonce: str, timestamp: int, url: str) -> str:
    """Returns the JS-SDK signature of a page; `url` is its address without the fragment."""
    text = f"jsapi_ticket={ticket}&noncestr={nonce}&timestamp={timestamp}&url={url}"
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
