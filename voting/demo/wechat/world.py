"""What the stand-in knows: apps, made-up people, codes, tokens and a clock that can be moved."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from voting.wechat.client import App

# Not secret: they open nothing but the stand-in.
PAGE_APP = App("wx00000000000000a1", "stand-in-secret-of-the-service-account")
MINI_PROGRAM_APP = App("wx00000000000000b2", "stand-in-secret-of-the-mini-program")
SECRETS = {app.id: app.secret for app in (PAGE_APP, MINI_PROGRAM_APP)}

# The template of the mini program's message, and its keywords.
TEMPLATE = "stand-in-template-of-the-message-00000000000"
KEYWORDS = ("thing1", "time2", "thing3")

CODE_SECONDS = 300
TOKEN_SECONDS = 7200
FORCED_A_DAY = 20
FORCED_APART_SECONDS = 30
MESSAGES = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40037: "invalid template_id",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40125: "invalid appsecret",
    40163: "code been used",
    40226: "code blocked",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    42001: "access_token expired",
    42003: "code expired",
    43101: "user refuse to accept the msg",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit",
    47001: "data format error",
    47003: "argument invalid",
    48001: "api unauthorized",
}


class Refusal(Exception):
    """An error code of WeChat."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Person(NamedTuple):
    """A made-up user of WeChat."""

    number: int
    name: str
    risk: int = 0
    """What getuserriskrank says; WeChat blocks the codes of a user with 4."""

    def openid(self, app: str) -> str:
        """The same person has another one in each app."""
        return "o" + hashlib.sha256(f"{app} {self.number}".encode()).hexdigest()[:27]

    @property
    def unionid(self) -> str:
        """The same in all apps of one owner."""
        return "u" + hashlib.sha256(f"union {self.number}".encode()).hexdigest()[:27]

    @property
    def phone(self) -> str:
        """A mainland number that is not in use."""
        return f"1700000{self.number:04d}"


_NAMES = ("陈一", "林二", "张三", "李四", "王五", "赵六", "孙七", "周八", "吴九", "郑十")
PEOPLE = {number: Person(number, name) for number, name in enumerate(_NAMES, 1)}
PEOPLE[8] = Person(8, "周八（有风险）", risk=3)
PEOPLE[9] = Person(9, "吴九（被拦截）", risk=4)
FIRST_EXTRA = 1000
"""Numbers from here on are people, too, without being shown: tests need many."""


def person(number: int) -> Person:
    """Returns the person of a number."""
    return PEOPLE.get(number) or Person(number, f"路人 {number}")


@dataclass
class Code:
    """What a code stands for; good for one call."""

    kind: str
    app: str
    person: Person
    ends_at: float
    scope: str = ""
    is_snapshot: bool = False
    is_used: bool = False


@dataclass
class World:
    """Everything that changes."""

    offset: float = 0.0
    codes: dict[str, Code] = field(default_factory=dict)
    user_tokens: dict[str, tuple[Person, str, str, float]] = field(default_factory=dict)
    """Token -> person, app, scope, end."""
    app_tokens: dict[str, tuple[str, str, float]] = field(default_factory=dict)
    """Token -> app, kind (classic or stable), end."""
    tickets: dict[str, tuple[str, float]] = field(default_factory=dict)
    forced: list[float] = field(default_factory=list)
    consents: list[int] = field(default_factory=list)
    """The numbers of people who agreed to a message, once for each."""
    messages: list[dict[str, Any]] = field(default_factory=list)
    """Those that were delivered."""

    def now(self) -> float:
        """Returns the stand-in's time."""
        return time.time() + self.offset

    def issue_code(self, kind: str, app: str, who: Person, scope: str = "", is_snapshot: bool = False) -> str:
        """Returns a new code of kind `page`, `mini_program` or `phone`."""
        code = secrets.token_hex(16)
        self.codes[code] = Code(kind, app, who, self.now() + CODE_SECONDS, scope, is_snapshot)
        return code

    # --- the calls; each takes the query and the body -----------------------------------------------------------------

    def page_user(self, query: Mapping[str, str], _: Mapping[str, Any]) -> dict[str, Any]:
        """/sns/oauth2/access_token"""
        app = self._app(query, "secret")
        code = self._use_code("page", app, query.get("code"))
        token = secrets.token_hex(40)
        self.user_tokens[token] = (code.person, app, code.scope, self.now() + TOKEN_SECONDS)
        answer: dict[str, Any] = {
            "access_token": token,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": secrets.token_hex(40),
            "openid": code.person.openid(app),
            "scope": code.scope,
        }
        if code.is_snapshot:
            answer |= {"openid": f"o{secrets.token_hex(13)}0", "is_snapshotuser": 1}
        if code.scope == "snsapi_userinfo":
            answer["unionid"] = code.person.unionid
        return answer

    def user_info(self, query: Mapping[str, str], _: Mapping[str, Any]) -> dict[str, Any]:
        """/sns/userinfo"""
        who, app = self._user(query)
        if self.user_tokens[query["access_token"]][2] != "snsapi_userinfo":
            raise Refusal(48001)
        openid, unionid = who.openid(app), who.unionid
        return {"openid": openid, "nickname": who.name, "sex": 0, "headimgurl": "", "privilege": [], "unionid": unionid}

    def check_user_token(self, query: Mapping[str, str], _: Mapping[str, Any]) -> dict[str, Any]:
        """/sns/auth"""
        self._user(query)
        return {"errcode": 0, "errmsg": "ok"}

    def mini_program_user(self, query: Mapping[str, str], _: Mapping[str, Any]) -> dict[str, Any]:
        """/sns/jscode2session"""
        app = self._app(query, "secret")
        who = self._use_code("mini_program", app, query.get("js_code")).person
        if who.risk == 4:
            raise Refusal(40226)
        return {"openid": who.openid(app), "session_key": secrets.token_urlsafe(18), "unionid": who.unionid}

    def classic_token(self, query: Mapping[str, str], _: Mapping[str, Any]) -> dict[str, Any]:
        """/cgi-bin/token: ends the one before."""
        app = self._app(query, "secret", grant="client_credential")
        self._end_tokens(app, "classic")
        return self._issue_token(app, "classic")

    def stable_token(self, _: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """/cgi-bin/stable_token: the same until it ends, unless it is forced."""
        app, now = self._app(body, "secret", grant="client_credential"), self.now()
        present = next(
            (
                token
                for token, (of, kind, ends) in self.app_tokens.items()
                if (of, kind) == (app, "stable") and ends > now
            ),
            None,
        )
        if body.get("force_refresh"):
            if len([moment for moment in self.forced if moment > now - 86400]) >= FORCED_A_DAY:
                raise Refusal(45009)
            if not self.forced or self.forced[-1] <= now - FORCED_APART_SECONDS:
                self.forced.append(now)
                self._end_tokens(app, "stable")
                present = None
        # WeChat renews it from five minutes before its end.
        if present is None or self.app_tokens[present][2] <= now + 300:
            return self._issue_token(app, "stable")
        return {"access_token": present, "expires_in": round(self.app_tokens[present][2] - now)}

    def ticket(self, query: Mapping[str, str], _: Mapping[str, Any]) -> dict[str, Any]:
        """/cgi-bin/ticket/getticket: says 7200 for an old one, too."""
        app = self._app_of_token(query)
        ticket, ends = self.tickets.get(app, ("", 0.0))
        if ends <= self.now():
            ticket = secrets.token_urlsafe(64)
            self.tickets[app] = (ticket, self.now() + TOKEN_SECONDS)
        return {"errcode": 0, "errmsg": "ok", "ticket": ticket, "expires_in": TOKEN_SECONDS}

    def risk_rank(self, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """/wxa/getuserriskrank"""
        app = self._app_of_token(query)
        if body.get("appid") != app:
            raise Refusal(40013)
        if not {"openid", "scene", "client_ip"} <= body.keys():
            raise Refusal(47001)
        for code in self.codes.values():
            if code.app == app and code.person.openid(app) == body["openid"]:
                return {"errcode": 0, "errmsg": "getuserriskrank succ", "risk_rank": code.person.risk, "unoin_id": 1}
        raise Refusal(40003)

    def phone_number(self, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """/wxa/business/getuserphonenumber"""
        app = self._app_of_token(query)
        phone = self._use_code("phone", app, body.get("code")).person.phone
        info = {"phoneNumber": phone, "purePhoneNumber": phone, "countryCode": "86"}
        watermark = {"timestamp": round(self.now()), "appid": app}
        return {"errcode": 0, "errmsg": "ok", "phone_info": {**info, "watermark": watermark}}

    def send_message(self, query: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
        """/cgi-bin/message/subscribe/send"""
        app = self._app_of_token(query)
        if body.get("template_id") != TEMPLATE:
            raise Refusal(40037)
        if not body.get("touser"):
            raise Refusal(40003)
        if set(body.get("data", ())) != set(KEYWORDS) or any(len(each["value"]) > 20 for each in body["data"].values()):
            raise Refusal(47003)
        consents = [number for number in self.consents if person(number).openid(app) == body["touser"]]
        if not consents:
            raise Refusal(43101)
        # A consent is for one message.
        self.consents.remove(consents[0])
        texts = {keyword: each["value"] for keyword, each in body["data"].items()}
        self.messages.append({"person": consents[0], "page": body.get("page", ""), "texts": texts})
        return {"errcode": 0, "errmsg": "ok"}

    def end_app_tokens(self) -> None:
        """Ends every token as a reset of the secret does."""
        self.app_tokens.clear()

    # --- their checks -------------------------------------------------------------------------------------------------

    def _app(self, given: Mapping[str, Any], secret: str, grant: str = "authorization_code") -> str:
        app = given.get("appid")
        if not app:
            raise Refusal(41002)
        if app not in SECRETS:
            raise Refusal(40013)
        if not given.get(secret):
            raise Refusal(41004)
        if given[secret] != SECRETS[app]:
            raise Refusal(40125)
        if given.get("grant_type") != grant:
            raise Refusal(40002)
        return str(app)

    def _use_code(self, kind: str, app: str, text: str | None) -> Code:
        if not text:
            raise Refusal(41008)
        code = self.codes.get(text)
        if code is None or (code.kind, code.app) != (kind, app):
            raise Refusal(40029)
        if code.is_used:
            raise Refusal(40163)
        if code.ends_at <= self.now():
            raise Refusal(42003)
        code.is_used = True
        return code

    def _user(self, query: Mapping[str, str]) -> tuple[Person, str]:
        token = query.get("access_token", "")
        if token not in self.user_tokens:
            raise Refusal(40001)
        who, app, _, ends = self.user_tokens[token]
        if ends <= self.now():
            raise Refusal(42001)
        if query.get("openid") != who.openid(app):
            raise Refusal(40003)
        return who, app

    def _app_of_token(self, query: Mapping[str, str]) -> str:
        token = query.get("access_token")
        if not token:
            raise Refusal(41001)
        if token not in self.app_tokens:
            raise Refusal(40001)
        app, _, ends = self.app_tokens[token]
        if ends <= self.now():
            raise Refusal(42001)
        return app

    def _issue_token(self, app: str, kind: str) -> dict[str, Any]:
        token = secrets.token_hex(80)
        self.app_tokens[token] = (app, kind, self.now() + TOKEN_SECONDS)
        return {"access_token": token, "expires_in": TOKEN_SECONDS}

    def _end_tokens(self, app: str, kind: str) -> None:
        for token in [token for token, (of, its, _) in self.app_tokens.items() if (of, its) == (app, kind)]:
            del self.app_tokens[token]
