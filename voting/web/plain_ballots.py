"""Casts plain ballots for the server's protocol: without the framework, and without a task or timer for each.

A ballot is plain if it is what nearly every client sends. Everything else takes the documented route in api/ballots.py,
which reports what is wrong; both have the same checks, the same casting and the same answers.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from typing import cast

import msgspec
from litestar import Request
from litestar.types import HTTPScope

from voting.domain.ballots.ballot import check_key
from voting.errors import Malformed, SlowDown, TryAgain
from voting.request_ids import current_ids, read_request_ids
from voting.services.ballots.cast import BallotRequest, CastBallot, Outcome
from voting.services.ballots.record import Answer
from voting.web.auth import voter_cookie_name
from voting.web.client import ClientReader, Scope
from voting.web.cors import Cors, Fields
from voting.web.deadlines import Deadlines
from voting.web.dependencies import Services
from voting.web.flood_limiter import BALLOTS, FloodLimiter
from voting.web.guard import ANSWER_SECONDS, ON_EVERY_RESPONSE, count_request
from voting.web.problems import known, problem

Respond = Callable[[int, bytes, bytes], None]
"""Sends a status, header lines and a body."""

_JSON_TYPES = (b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8")
_BEARER = re.compile(rb"Bearer [!-~]+")
_decode = msgspec.json.Decoder(CastBallot).decode


def _lines(fields: Fields) -> bytes:
    return b"".join([b"%b: %b\r\n" % field for field in fields])


_CREATED = _lines([(b"cache-control", b"no-store"), (b"content-type", b"application/json")])
_ALWAYS = _lines(ON_EVERY_RESPONSE)


class PlainBallots:
    """Casts plain ballots."""

    def __init__(
        self, clients: ClientReader, limiter: FloodLimiter, cors: Cors, always: Sequence[tuple[bytes, bytes]] = ()
    ) -> None:
        self._clients = clients
        self._limiter = limiter
        self._cors = cors
        self._always = always
        self._deadlines = Deadlines(ANSWER_SECONDS)
        self.services: Services | None = None
        """Set when the server has started."""

    def begin(self, contest: str, scope: Scope, body: bytes, respond: Respond) -> bool:
        """Casts the ballot and responds once; False, and nothing is done, if it is not plain."""
        headers = dict(scope["headers"])
        token = bearer_or_cookie(headers, contest)
        if self.services is None or token is None or headers.get(b"content-type", b"").lower() not in _JSON_TYPES:
            return False
        if self.services.contest_cache.known(contest) is None:
            # It is read before its ballots take a place in the queue: anybody can send names that nobody gave.
            return False
        ids = read_request_ids(headers)
        # Not for the batch, which has ballots of several requests.
        current = current_ids.set(ids)
        try:
            key = check_key(headers.get(b"idempotency-key", b"").decode("latin-1"))
            sent = decode_plain(body)
            if sent is None:
                return False
            client = self._clients.read(scope)
            extra = _lines([*self._always, *self._cors.fields(scope)])
        except Malformed:
            return False
        finally:
            current_ids.reset(current)
        begun = time.perf_counter()

        def done(outcome: Outcome) -> None:
            if isinstance(outcome, Answer):
                status, own, text = 201, _CREATED, outcome.text
            else:
                current = current_ids.set(ids)
                refusal = problem(known(Request(cast(HTTPScope, scope)), outcome))
                current_ids.reset(current)
                status, text = refusal.status, refusal.body
                own = _lines([(name.encode(), value.encode()) for name, value in refusal.headers.items()])
            deadline.lift()
            count_request(BALLOTS, "POST", status, time.perf_counter() - begun)
            # In the framework's order.
            respond(status, b"%bcontent-length: %d\r\n%b%b" % (own, len(text), _ALWAYS, extra), text)

        def expire() -> None:
            waiting.abandoned = True
            done(TryAgain())

        deadline = self._deadlines.begin(expire)
        try:
            # Last, since it counts: what the documented route takes is counted there.
            extra += _lines(self._limiter.count_ballot(scope))
            waiting = self.services.casting.begin(contest, BallotRequest(token, key, sent, client), done)
        except (SlowDown, TryAgain) as error:
            # Not at once: the next request on the connection would be handled inside this one.
            asyncio.get_running_loop().call_soon(done, error)
        return True

    def note_refused(self, contest: str, code: str) -> None:
        """Counts a ballot that was refused before its casting."""
        if self.services:
            self.services.casting.note_refused(contest, code)


def decode_plain(body: bytes) -> CastBallot | None:
    """Returns the ballot in plain JSON; None if the strict parser must look at it.

    That is where text is escaped, which can hide what PostgreSQL cannot store, and where a key may come twice: then
    there are more colons than members.
    """
    if b"\\" in body:
        return None
    try:
        sent = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    members = 1 + (sent.ticket is not None) + (sent.challenge is not None)
    if sent.client is not None:
        members += 1 + len(sent.client)
    return sent if body.count(b":") == members else None


def bearer_or_cookie(headers: dict[bytes, bytes], contest: str) -> str | None:
    """Returns the token if it is sent the way nearly every client sends it."""
    header = headers.get(b"authorization")
    if header is not None:
        return header[7:].decode("latin-1") if _BEARER.fullmatch(header) else None
    cookies = headers.get(b"cookie", b"")
    for name in (voter_cookie_name(contest, secure=True), voter_cookie_name(contest)):
        pattern = rb"(?:^|; )" + re.escape(name.encode()) + rb"=([\w.-]+)(?=;|$)"
        if tokens := re.findall(pattern, cookies):
            return tokens[0].decode("latin-1") if len(tokens) == 1 else None
    return None
