"""The stand-in's own test: an independent client's flow, and the official signature."""

from __future__ import annotations

import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import psutil
import pytest
from wechatpy import WeChatClient
from wechatpy.exceptions import WeChatClientException, WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

from tests.wechat.standin import ANYWHERE, Standin
from voting.demo.wechat.world import MINI_PROGRAM_APP, PAGE_APP, PEOPLE
from voting.wechat.client import sign_page


def oauth(standin: Standin, scope: str = "snsapi_base") -> WeChatOAuth:
    client = WeChatOAuth(PAGE_APP.id, PAGE_APP.secret, ANYWHERE, scope, "S1")
    # Nobody closes its connections otherwise.
    client._http.headers["Connection"] = "close"
    client.API_BASE_URL = f"{standin.url}/"
    client.OAUTH_BASE_URL = f"{standin.url}/connect/"
    return client


def sign_in(client: WeChatOAuth) -> str:
    """Returns the code with which the first person comes back."""
    address, fragment = client.authorize_url.split("#")
    assert fragment == "wechat_redirect"
    back = httpx.get(f"{address}&person=1")
    assert back.status_code == 302
    parts = urlsplit(back.headers["location"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == ANYWHERE
    query = parse_qs(parts.query)
    assert query["state"] == ["S1"]
    return query["code"][0]


def test_an_independent_client_signs_in_and_a_code_is_good_for_one_call(wechat_standin: Standin) -> None:
    client = oauth(wechat_standin, "snsapi_userinfo")
    code = sign_in(client)
    answer = client.fetch_access_token(code)
    assert answer["openid"] == PEOPLE[1].openid(PAGE_APP.id)
    assert client.check_access_token()
    info = client.get_user_info()
    assert (info["openid"], info["unionid"], info["nickname"]) == (answer["openid"], PEOPLE[1].unionid, "陈一")
    with pytest.raises(WeChatOAuthException) as error:
        client.fetch_access_token(code)
    assert error.value.errcode == 40163
    assert "rid: " in error.value.errmsg


def test_the_silent_scope_yields_neither_a_unionid_nor_more_of_the_user(wechat_standin: Standin) -> None:
    client = oauth(wechat_standin)
    assert "unionid" not in client.fetch_access_token(sign_in(client))
    with pytest.raises(WeChatOAuthException) as error:
        client.get_user_info()
    assert error.value.errcode == 48001


def test_an_independent_client_gets_token_and_ticket_and_signs_like_ours(wechat_standin: Standin) -> None:
    client = WeChatClient(PAGE_APP.id, PAGE_APP.secret, auto_retry=False)
    client._http.headers["Connection"] = "close"
    client.API_BASE_URL = f"{wechat_standin.url}/cgi-bin/"
    token = httpx.get(
        f"{wechat_standin.url}/cgi-bin/token",
        params={"grant_type": "client_credential", "appid": PAGE_APP.id, "secret": PAGE_APP.secret},
    ).json()["access_token"]
    # It would fetch one from WeChat itself.
    client.session.set(client.access_token_key, token, 7000)
    client.expires_at = time.time() + 7000
    ticket = client.jsapi.get_ticket()["ticket"]
    theirs = client.jsapi.get_jsapi_signature("n1", ticket, "1414587457", "https://vote.example.org/c/a?x=1")
    assert theirs == sign_page(ticket, "n1", 1414587457, "https://vote.example.org/c/a?x=1")
    wechat_standin.end_tokens()
    with pytest.raises(WeChatClientException) as error:
        client.jsapi.get_ticket()
    assert error.value.errcode == 40001


def test_the_signature_is_that_of_the_documentation() -> None:
    ticket = "sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg"
    signature = sign_page(ticket, "Wm3WZYTPz0wzccnW", 1414587457, "http://mp.weixin.qq.com?params=value")
    assert signature == "0f9de62fce790f9a083d5c99e95740ceb90c27ed"


def test_the_classic_token_ends_the_one_before_and_the_stable_one_does_not(wechat_standin: Standin) -> None:
    base = {"grant_type": "client_credential", "appid": PAGE_APP.id, "secret": PAGE_APP.secret}

    def ticket_code(token: str) -> int:
        query = {"access_token": token, "type": "jsapi"}
        code: int = httpx.get(f"{wechat_standin.url}/cgi-bin/ticket/getticket", params=query).json()["errcode"]
        return code

    def stable(force: bool = False) -> dict[str, object]:
        answer = httpx.post(f"{wechat_standin.url}/cgi-bin/stable_token", json={**base, "force_refresh": force})
        assert answer.headers["content-type"].startswith("text/plain")
        content: dict[str, object] = answer.json()
        return content

    first = httpx.get(f"{wechat_standin.url}/cgi-bin/token", params=base).json()["access_token"]
    second = httpx.get(f"{wechat_standin.url}/cgi-bin/token", params=base).json()["access_token"]
    assert (ticket_code(first), ticket_code(second)) == (40001, 0)
    shared = str(stable()["access_token"])
    assert stable()["access_token"] == shared
    assert ticket_code(second) == 0
    forced = str(stable(force=True)["access_token"])
    assert (ticket_code(shared), ticket_code(forced)) == (40001, 0)
    # Not twice within 30 s, and 20 times a day.
    assert stable(force=True)["access_token"] == forced
    for _ in range(19):
        wechat_standin.advance(31)
        assert "access_token" in stable(force=True)
    assert stable(force=True)["errcode"] == 45009
    wechat_standin.advance(7200)
    assert ticket_code(str(forced)) == 40001


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"appid": ""}, 41002),
        ({"appid": "wx1"}, 40013),
        ({"secret": ""}, 41004),
        ({"secret": "no"}, 40125),
        ({"code": ""}, 41008),
        ({"code": "no"}, 40029),
        ({"grant_type": "no"}, 40002),
    ],
)
def test_calls_are_checked_as_documented(wechat_standin: Standin, changes: dict[str, str], code: int) -> None:
    query = {
        "appid": PAGE_APP.id,
        "secret": PAGE_APP.secret,
        "code": wechat_standin.page_code(),
        "grant_type": "authorization_code",
    }
    answer = httpx.get(f"{wechat_standin.url}/sns/oauth2/access_token", params=query | changes)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.json()["errcode"] == code


HERE = "redirect_uri=http%3A%2F%2F127.0.0.1%2F"
APP = f"appid={PAGE_APP.id}"
REST = "response_type=code&scope=snsapi_base&state=s"


@pytest.mark.parametrize(
    ("address", "code"),
    [
        (f"appid=wx1&{HERE}&{REST}", 10016),
        (f"{APP}&redirect_uri=https%3A%2F%2Fevil.example%2F&{REST}", 10003),
        (f"{APP}&{REST}", 10011),
        (f"{HERE}&{REST}", 10012),
        (f"{APP}&{HERE}&response_type=code&state=s", 10010),
        (f"{APP}&{HERE}&response_type=code&scope=snsapi_base", 10013),
        (f"{HERE}&{APP}&{REST}", 10005),
    ],
)
def test_the_authorize_page_says_what_is_wrong(wechat_standin: Standin, address: str, code: int) -> None:
    assert f"（{code}）" in httpx.get(f"{wechat_standin.url}/connect/oauth2/authorize?{address}").text


def test_the_mini_programs_calls(wechat_standin: Standin) -> None:
    query = {"appid": MINI_PROGRAM_APP.id, "secret": MINI_PROGRAM_APP.secret, "grant_type": "authorization_code"}

    def session(person: int) -> dict[str, object]:
        code = wechat_standin.mini_program_code(person)
        answer = httpx.get(f"{wechat_standin.url}/sns/jscode2session", params=query | {"js_code": code})
        content: dict[str, object] = answer.json()
        return content

    assert session(1)["openid"] == PEOPLE[1].openid(MINI_PROGRAM_APP.id) != PEOPLE[1].openid(PAGE_APP.id)
    assert session(1)["unionid"] == PEOPLE[1].unionid
    assert session(9)["errcode"] == 40226
    code = wechat_standin.mini_program_code()
    wechat_standin.advance(301)
    answer = httpx.get(f"{wechat_standin.url}/sns/jscode2session", params=query | {"js_code": code})
    assert answer.json()["errcode"] == 42003


def test_it_ends_with_a_parent_that_is_killed() -> None:
    program = (
        "import time; from voting.demo.wechat.process import running\n"
        "with running() as url: print(url, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        url = parent.stdout.readline().strip()
        assert httpx.get(f"{url}/control/calls").json() == []
        (child,) = psutil.Process(parent.pid).children()
        parent.kill()
        child.wait(10)
