"""The stand-in for WeChat's servers, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx

from tests.conftest import free_port, without_settings
from voting.demo.wechat.world import MINI_PROGRAM_APP, PAGE_APP
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

    def calls(self) -> Counter[str]:
        """Returns how often each path was called."""
        return Counter(path for path, _ in self._http.get("/control/calls").json())

    def _control(self, what: str, **content: object) -> httpx.Response:
        return self._http.post(f"/control/{what}", json=content).raise_for_status()


@contextmanager
def standin() -> Iterator[Standin]:
    """Runs a stand-in until the end of the block."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "voting.demo.wechat", "--port", str(port)], env=without_settings()
    )
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while True:
            try:
                httpx.get(f"{url}/control/calls")
                break
            except httpx.HTTPError:
                assert process.poll() is None
                assert time.monotonic() < until, "the stand-in does not start"
                time.sleep(0.05)
        running = Standin(url)
        yield running
        running.close()
    finally:
        process.terminate()
        process.wait(10)


def wechat_environment(port: int, api: str, authorize: str) -> dict[str, str]:
    """Returns the settings of a service on this port that signs in with the stand-in."""
    return {
        "VOTING_PUBLIC_URL": f"http://127.0.0.1:{port}",
        "VOTING_WECHAT_APPID": PAGE_APP.id,
        "VOTING_WECHAT_SECRET": PAGE_APP.secret,
        "VOTING_MINI_PROGRAM_APPID": MINI_PROGRAM_APP.id,
        "VOTING_MINI_PROGRAM_SECRET": MINI_PROGRAM_APP.secret,
        "VOTING_WECHAT_API": api,
        "VOTING_WECHAT_OPEN": authorize,
        "VOTING_WECHAT_VERIFY_FILES": "MP_verify_AbCdEf0123456789.txt",
    }
