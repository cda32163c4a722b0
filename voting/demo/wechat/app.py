"""The stand-in's HTTP: the calls of the service, the authorize page, and the control of faults and clock."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from html import escape
from typing import Any, Literal
from urllib.parse import urlencode, urlsplit

import msgspec
from litestar import Litestar, MediaType, Request, Response, get, post
from litestar.datastructures import State
from litestar.params import JSONBody
from litestar.response import Redirect, Stream

from voting.demo.wechat.world import MESSAGES, MINI_PROGRAM_APP, PAGE_APP, PEOPLE, Refusal, World, person

Call = Callable[[World, Mapping[str, str], Mapping[str, Any]], dict[str, Any]]
GETS: dict[str, Call] = {
    "/sns/oauth2/access_token": World.page_user,
    "/sns/userinfo": World.user_info,
    "/sns/auth": World.check_user_token,
    "/sns/jscode2session": World.mini_program_user,
    "/cgi-bin/token": World.classic_token,
    "/cgi-bin/ticket/getticket": World.ticket,
}
POSTS: dict[str, Call] = {
    "/cgi-bin/stable_token": World.stable_token,
    "/wxa/getuserriskrank": World.risk_rank,
    "/wxa/business/getuserphonenumber": World.phone_number,
    "/cgi-bin/message/subscribe/send": World.send_message,
}
SCOPES = ("snsapi_base", "snsapi_userinfo")
# The authorize page's own errors, which the user reads: the service never hears of them.
PAGE_ERRORS = {
    10003: "redirect_uri域名与后台配置不一致",
    10005: "该公众号没有这些scope的权限",
    10010: "scope参数缺失",
    10011: "redirect_uri参数缺失",
    10012: "appid参数缺失",
    10013: "state参数缺失",
    10016: "不支持使用移动应用或网站应用的appid",
}


class Fault(msgspec.Struct):
    """What happens to the next calls of a path: an error code, a delay, an answer that is none, or half an answer."""

    path: str
    kind: Literal["code", "slow", "nonsense", "torn"]
    code: int = 0
    seconds: float = 0
    times: int = 1


class Advance(msgspec.Struct):
    """Moves the clock."""

    seconds: float


class CodeWish(msgspec.Struct):
    """Asks for a code as the mini program gets it on the phone."""

    kind: Literal["mini_program", "phone"]
    person: int


class Consent(msgspec.Struct):
    """Whoever agrees to a message."""

    person: int


class Standin:
    """The world, the faults ahead, and the calls so far."""

    def __init__(self) -> None:
        self.world = World()
        self.faults: list[Fault] = []
        self.calls: deque[tuple[str, int]] = deque(maxlen=10_000)

    async def answer(self, call: Call, request: Request[Any, Any, Any]) -> Response[Any]:
        """Answers a call of the service as WeChat does: JSON as text/plain, status 200 for errors, too."""
        path = request.url.path
        fault = next((fault for fault in self.faults if fault.path == path and fault.times), None)
        if fault:
            fault.times -= 1
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "nonsense":
                return Response("<html><title>502</title></html>" * 40, media_type="text/html")
            elif fault.kind == "torn":
                return Stream(_torn(), media_type=MediaType.TEXT)
        try:
            if fault and fault.kind == "code":
                raise Refusal(fault.code)
            body = msgspec.json.decode(await request.body()) if request.method == "POST" else {}
            content = call(self.world, dict(request.query_params), body)
        except (Refusal, msgspec.DecodeError) as refusal:
            code = refusal.code if isinstance(refusal, Refusal) else 47001
            rid = "-".join(secrets.token_hex(4) for _ in range(3))
            content = {"errcode": code, "errmsg": f"{MESSAGES.get(code, 'error')}, rid: {rid}"}
        self.calls.append((path, content.get("errcode", 0)))
        return Response(msgspec.json.encode(content), media_type=MediaType.TEXT)


async def _torn() -> AsyncIterator[str]:
    yield '{"access_token": "'
    raise ConnectionResetError


def _standin(state: State) -> Standin:
    found: Standin = state.standin
    return found


@get(list(GETS))
async def answer_get(request: Request[Any, Any, Any], state: State) -> Response[Any]:
    """Answers a call without a body."""
    return await _standin(state).answer(GETS[request.url.path], request)


@post(list(POSTS), status_code=200)
async def answer_post(request: Request[Any, Any, Any], state: State) -> Response[Any]:
    """Answers a call with a body."""
    return await _standin(state).answer(POSTS[request.url.path], request)


@get("/connect/oauth2/authorize")
async def authorize(request: Request[Any, Any, Any], state: State) -> Response[Any]:
    """Shows the picker of made-up people; with `person`, goes on as if that person had agreed."""
    query = dict(request.query_params)
    fault = _page_error(request.url.query, query)
    if fault:
        text = f"<p>{escape(PAGE_ERRORS[fault])}（{fault}）</p>"
        return Response(_page(text), media_type=MediaType.HTML)
    if "person" not in query:
        return Response(_page(_picker(query)), media_type=MediaType.HTML)
    who, is_snapshot = person(int(query["person"])), "snapshot" in query
    code = _standin(state).world.issue_code("page", query["appid"], who, query["scope"], is_snapshot)
    joint = "&" if urlsplit(query["redirect_uri"]).query else "?"
    return Redirect(f"{query['redirect_uri']}{joint}{urlencode({'code': code, 'state': query['state']})}")


def _page_error(raw: str, query: Mapping[str, str]) -> int:
    """Returns the code of what is wrong with an authorize address, or 0."""
    missing = {"appid": 10012, "redirect_uri": 10011, "scope": 10010, "state": 10013}
    for name, code in missing.items():
        if not query.get(name):
            return code
    if query["appid"] != PAGE_APP.id:
        return 10016
    # The stand-in serves this machine alone, so that it cannot sign anyone in elsewhere.
    if urlsplit(query["redirect_uri"]).hostname not in ("127.0.0.1", "localhost"):
        return 10003
    order = [part.partition("=")[0] for part in raw.split("&")]
    if order[:5] != ["appid", "redirect_uri", "response_type", "scope", "state"] or query["scope"] not in SCOPES:
        return 10005
    return 0


def _picker(query: Mapping[str, str]) -> str:
    def link(name: str, **more: object) -> str:
        return f'<li><a href="?{escape(urlencode({**query, **more}))}">{escape(name)}</a></li>'

    people = "".join(link(who.name, person=who.number) for who in PEOPLE.values())
    return (
        "<h1>用微信登录试试</h1><p>这不是微信：以下人物均为虚构。 This is not WeChat: these people are made up.</p>"
        f"<ul>{people}{link('陈一（快照页 snapshot page）', person=1, snapshot=1)}</ul>"
    )


def _page(content: str) -> str:
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><title>用微信登录试试</title>'
        "<style>body{font:18px/1.6 sans-serif;margin:2em auto;max-width:30em;padding:0 1em}li{margin:.6em 0}</style>"
        f"{content}</html>"
    )


@post("/control/faults", status_code=204)
async def add_fault(data: JSONBody[Fault], state: State) -> None:
    """Spoils the next calls of a path."""
    _standin(state).faults.append(data)


@post("/control/clock", status_code=204)
async def move_clock(data: JSONBody[Advance], state: State) -> None:
    """Moves the clock on."""
    _standin(state).world.offset += data.seconds


@post("/control/codes", status_code=200)
async def issue_code(data: JSONBody[CodeWish], state: State) -> dict[str, str]:
    """Returns a code of the mini program."""
    return {"code": _standin(state).world.issue_code(data.kind, MINI_PROGRAM_APP.id, person(data.person))}


@post("/control/consents", status_code=204)
async def add_consent(data: JSONBody[Consent], state: State) -> None:
    """A person agrees to one message, as the mini program asks for it on the phone."""
    _standin(state).world.consents.append(data.person)


@get("/control/messages")
async def show_messages(state: State) -> list[dict[str, Any]]:
    """Returns the messages that were delivered."""
    return _standin(state).world.messages


@post("/control/end-tokens", status_code=204)
async def end_tokens(state: State) -> None:
    """Ends every app's access token."""
    _standin(state).world.end_app_tokens()


@post("/control/reset", status_code=204)
async def reset(state: State) -> None:
    """Forgets everything."""
    state.standin = Standin()


@get("/control/calls")
async def show_calls(state: State) -> list[tuple[str, int]]:
    """Returns the calls so far, with their error codes."""
    return list(_standin(state).calls)


def create_app() -> Litestar:
    """Returns the stand-in as an ASGI application."""
    handlers: list[Any] = [
        answer_get,
        answer_post,
        authorize,
        add_fault,
        move_clock,
        issue_code,
        add_consent,
        show_messages,
        end_tokens,
        reset,
        show_calls,
    ]
    return Litestar(handlers, state=State({"standin": Standin()}), openapi_config=None, logging_config=None)
