"""The stand-in for WeChat's servers, as a process of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from voting.demo.wechat.process import running
from voting.demo.wechat.world import PAGE_APP
from voting.wechat.client import Scope, authorize_url

ANYWHERE = "http://127.0.0.1/back"


class Standin:
    """Controls a running stand-in."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=url, timeout=10)

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def reset(self) -> None:
        """Forgets everything."""
        self._control("reset")

    def spoil(self, path: str, kind: str, *, code: int = 0, seconds: float = 0, times: int = 1) -> None:
        """Spoils the next calls of a path."""
        self._control("faults", path=path, kind=kind, code=code, seconds=seconds, times=times)

    def advance(self, seconds: float) -> None:
        """Moves the clock on."""
        self._control("clock", seconds=seconds)

    def end_tokens(self) -> None:
        """Ends every app's access token."""
        self._control("end-tokens")

    def page_code(self, person: int = 1, scope: Scope = "snsapi_base", **more: str) -> str:
        """Returns the code with which a person comes back from the authorize page."""
        url, _, _ = authorize_url(self.url, PAGE_APP.id, ANYWHERE, scope, "S1").partition("#")
        answer = self._http.get(url, params={**dict(httpx.URL(url).params), "person": str(person), **more})
        return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]

    def mini_program_code(self, person: int = 1, kind: str = "mini_program") -> str:
        """Returns a code as wx.login() or the phone button yields it."""
        code: str = self._control("codes", kind=kind, person=person).json()["code"]
        return code

    def agree_to_message(self, person: int) -> None:
        """A person of the mini program agrees to one message."""
        self._control("consents", person=person)

    def messages(self) -> list[dict[str, Any]]:
        """Returns the messages that were delivered."""
        delivered: list[dict[str, Any]] = self._http.get("/control/messages").json()
        return delivered

    def calls(self) -> Counter[str]:
        """Returns how often each path was called."""
        return Counter(path for path, _ in self.answers())

    def answers(self) -> list[tuple[str, int]]:
        """Returns path and error code of each call."""
        return [(path, code) for path, code in self._http.get("/control/calls").json()]

    def _control(self, what: str, **content: object) -> httpx.Response:
        return self._http.post(f"/control/{what}", json=content).raise_for_status()


@contextmanager
def standin() -> Iterator[Standin]:
    """Runs a stand-in until the end of the block."""
    with running() as url:
        standin = Standin(url)
        yield standin
        standin.close()
