"""Asks WeChat's servers: JSON sent as text/plain, with status 200 and an `errcode` even for errors.

The secret, access tokens and codes are never logged. WeChat identifies each failed call by a `rid`, which is: its
support asks for it.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Mapping
from typing import TypeVar

import httpx
import msgspec

from voting import outgoing, telemetry
from voting.errors import WeChatBusy
from voting.wechat.breaker import Breaker

RETRIES = 2
RETRY_SECONDS = 0.3
SYSTEM_BUSY = -1
T = TypeVar("T")
_RID = re.compile(r"rid: ?([0-9a-f-]{8,40})")


class WeChatRefused(Exception):
    """WeChat answered with an error code; `code` is in WeChat's documentation."""

    def __init__(self, code: int) -> None:
        super().__init__(f"WeChat answered with error code {code}")
        self.code = code


class _Outcome(msgspec.Struct):
    errcode: int = 0
    errmsg: str = ""


class _Unusable(Exception):
    """An answer that is not WeChat's."""


class Api:
    """Sends calls to the server at the base address of `http`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._breaker = Breaker()

    async def ask(
        self, path: str, shape: type[T], query: Mapping[str, str], body: Mapping[str, object] | None = None
    ) -> T:
        """Returns the answer to a call: GET or, with a body, POST.

        Raises WeChatRefused for an error code; WeChatBusy if WeChat is away, slow, busy or does not answer in the
        documented shape.
        """
        self._breaker.admit()
        outcome = "failed"
        try:
            async with asyncio.timeout(outgoing.TOTAL_SECONDS):
                content = await self._answer(path, query, body)
            answer = msgspec.json.decode(content, type=shape)
            outcome = "answered"
            self._breaker.answered()
            return answer
        except WeChatRefused as refusal:
            outcome = "refused"
            self._breaker.answered()
            raise refusal from None
        except (httpx.HTTPError, TimeoutError, msgspec.DecodeError, _Unusable) as error:
            self._breaker.failed()
            # The cause's own text is not logged: it may quote what was sent.
            logging.getLogger("voting").warning("WeChat gave no usable answer to %s: %s", path, type(error).__name__)
            raise WeChatBusy from None
        finally:
            telemetry.WECHAT_CALLS.labels(path, outcome).inc()

    async def _answer(self, path: str, query: Mapping[str, str], body: Mapping[str, object] | None) -> bytes:
        """Returns the body of an answer without an error code; repeats a call that met a busy system."""
        for attempt in range(RETRIES + 1):
            method = "GET" if body is None else "POST"
            request = self._http.build_request(method, path, params=query, json=body)
            status, content = await outgoing.ask(self._http, request)
            if status != 200:
                raise _Unusable(f"status {status}")
            outcome = msgspec.json.decode(content, type=_Outcome)
            if outcome.errcode == 0:
                return content
            rid = _RID.search(outcome.errmsg)
            logging.getLogger("voting").warning(
                "WeChat answered %s with error code %d, rid %s", path, outcome.errcode, rid[1] if rid else "unknown"
            )
            if outcome.errcode != SYSTEM_BUSY:
                raise WeChatRefused(outcome.errcode)
            if attempt < RETRIES:
                await asyncio.sleep(RETRY_SECONDS * (attempt + random.random()))  # noqa: S311 (no secret)
        raise _Unusable("the system stays busy")
