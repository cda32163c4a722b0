"""The guard: checks every request before Litestar. Sizes, encodings and deadlines; strict JSON.

Litestar itself answers 500 to deeply nested JSON and invalid UTF-8, and accepts duplicate keys and NUL.
"""

from __future__ import annotations

import json
import time
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.types import HTTPScope

from voting import telemetry
from voting.errors import (
    HeadersTooLarge,
    Malformed,
    NotFound,
    SlowRequest,
    TooLarge,
    TryAgain,
    UnsupportedMediaType,
    VotingError,
)
from voting.request_ids import current_ids, read_request_ids
from voting.web.client import Scope
from voting.web.cors import Cors
from voting.web.deadlines import Deadlines, TaskDeadline
from voting.web.flood_limiter import FloodLimiter
from voting.web.problems import problem, render

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

BODY_BYTES = 16 * 1024
DRAIN_BYTES = 1024 * 1024
BODY_SECONDS = 10.0
# A roster or a contest file of the staff, and the time from its first byte to the response's; so long may the answer
# of a slow route take.
FILE_BYTES = 8_000_000
FILE_SECONDS = 120.0
FILE_TYPE = b"application/octet-stream"
# From a request's last byte to its response's first; longer than any wait below it, which has its own refusal.
ANSWER_SECONDS = 10.0
HEADER_BYTES = 16 * 1024
HEADER_FIELDS = 64
# At most one value each: of two, a proxy and the service may read different ones (RFC 9110 section 5.3).
_SINGLE = (b"authorization", b"idempotency-key")
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
_SECURITY = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
]
# Browsers use TLS only, for a year (RFC 6797); other hosts of the domain are not our concern.
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")
PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_PAGE_POLICY = (b"content-security-policy", PAGE_POLICY.encode())
ON_EVERY_RESPONSE = [*_SECURITY, _PAGE_POLICY]
"""The header fields of every response of the API."""


class Guard:
    """Wraps the application. `always`: header fields of every response.

    `plain_ballots` is for the server's protocol, which casts plain ballots with it: the framework and a task for each
    cost more than the rest of a ballot.
    """

    def __init__(
        self,
        app: ASGIApp,
        limiter: FloodLimiter,
        cors: Cors,
        plain_ballots: object,
        always: Sequence[tuple[bytes, bytes]] = (),
    ) -> None:
        self._app = app
        self._limiter = limiter
        self._cors = cors
        self._always = always
        self._bodies = Deadlines(BODY_SECONDS)
        self._answers = Deadlines(ANSWER_SECONDS)
        self._files = Deadlines(FILE_SECONDS)
        self.plain_ballots = plain_ballots

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = time.perf_counter()
        reply = _Reply(send, head_only=scope["method"] == "HEAD")
        if reply.head_only:
            # HEAD is answered like GET (RFC 9110 section 9.3.2), without the body.
            scope = {**scope, "method": "GET"}
        try:
            reply.extra = [*self._always, *self._cors.fields(scope)]
            _read_head(scope)
            reply.extra += self._limiter.check(scope)
            # A file is not read before its route knows who sends it: 8 MB of everybody's would fill the memory.
            is_file = dict(scope["headers"]).get(b"content-type") == FILE_TYPE and self._limiter.takes_file(scope)
            body = None if is_file else await self._read_body(scope, receive)
        except VotingError as error:
            # The rest of a refused body is not read, so the connection cannot be reused.
            await _refuse(error, scope, reply.send, [(b"connection", b"close")])
        else:
            await self._answer(scope, body, receive, reply)
        route = str(scope.get("path_template") or "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"
        count_request(route, method, reply.status or 500, time.perf_counter() - begun)

    async def _answer(self, scope: Scope, body: bytes | None, receive: Receive, reply: _Reply) -> None:
        """Refuses a request whose response has not begun in time; it may be sent again. `body` None: a file."""
        is_long = body is None or self._limiter.is_slow(scope)
        deadline = reply.deadline = (self._files if is_long else self._answers).begin_task()
        try:
            with deadline:
                await self._reply(scope, body, receive, reply)
        except TimeoutError:
            if not deadline.expired:
                raise
            await _refuse(TryAgain(), scope, reply.send)

    async def _reply(self, scope: Scope, body: bytes | None, receive: Receive, reply: _Reply) -> None:
        try:
            _check_host(scope)
        except Malformed as error:
            await _refuse(error, scope, reply.send)
            return
        await self._app(scope, _bounded(receive) if body is None else _replay(body, receive), reply.send)

    async def _read_body(self, scope: Scope, receive: Receive) -> bytes:
        headers = dict(scope["headers"])
        length = headers.get(b"content-length", b"0")
        if length == b"0" and b"transfer-encoding" not in headers:
            return b""
        if b"upgrade" in headers.get(b"connection", b"").lower():
            raise Malformed("a request with Upgrade has no body here; send it as HTTP/1.1, without Upgrade")
        try:
            with self._bodies.begin_task():
                body = await _collect(receive)
        except TimeoutError:
            raise SlowRequest from None
        if len(body) > BODY_BYTES:
            raise TooLarge(f"the body may have at most {BODY_BYTES} bytes")
        if headers.get(b"content-encoding", b"identity") != b"identity":
            raise UnsupportedMediaType("send the body without Content-Encoding")
        _check_media_type(headers.get(b"content-type", b""))
        return body


class _Reply:
    """The response to one request: keeps the status, and adds the headers of every response."""

    __slots__ = ("_send", "deadline", "extra", "head_only", "status")

    def __init__(self, send: Send, head_only: bool) -> None:
        self._send = send
        self.head_only = head_only
        self.status = 0
        self.extra: list[tuple[bytes, bytes]] = []
        self.deadline: TaskDeadline | None = None

    async def send(self, message: Message) -> None:
        """Sends a message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            if self.deadline:
                self.deadline.lift()
            names = {name.lower() for name, _ in message["headers"]}
            policy = [] if b"content-security-policy" in names else [_PAGE_POLICY]
            message["headers"] = [*message["headers"], *_SECURITY, *policy, *self.extra]
        elif self.head_only:
            message["body"] = b""
        await self._send(message)


class StrictRequest(Request[Any, Any, Any]):
    """A request with a strict JSON parser."""

    async def json(self) -> Any:
        """Returns the body. Raises Malformed unless it is flat enough UTF-8 JSON with unique keys."""
        return read_json(await self.body())


def read_json(body: bytes) -> Any:
    """Parses a JSON text (RFC 8259, and I-JSON's unique keys, RFC 7493 section 2.3). Raises Malformed."""
    try:
        # A byte order mark may be ignored (RFC 8259 section 8.1): some editors and languages write one.
        value = _STRICT.decode(body.decode("utf-8-sig"))
        if b"\\u" in body:
            # Only escapes can contain these: JSON has no bare control characters, UTF-8 no surrogates.
            _check_text(value)
    except UnicodeDecodeError:
        raise Malformed("the body is not UTF-8") from None
    except RecursionError:
        raise Malformed("the body is nested too deeply") from None
    except ValueError as error:
        raise Malformed(f"the body is not JSON: {str(error)[:120]}") from None
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise Malformed("the body has an object with the same key twice")
    return value


def _refuse_constant(name: str) -> Any:
    raise Malformed(f"{name} is not a JSON number")


_STRICT = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant)


def _check_text(value: Any) -> None:
    """Refuses NUL, which PostgreSQL cannot store, and half surrogate pairs, which UTF-8 cannot encode."""
    if isinstance(value, str):
        if "\0" in value:
            raise Malformed("the body holds a NUL character")
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise Malformed("the body holds half of a surrogate pair")
    elif isinstance(value, list):
        for item in value:
            _check_text(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            _check_text(key)
            _check_text(item)


def _read_head(scope: Scope) -> None:
    """Checks the address and the header fields, keeps the request's ids for the log, and joins cookies.

    Refuses NUL, which is invalid in file names and PostgreSQL's text, and raw bytes in the query, on which the
    framework fails.
    """
    headers = scope["headers"]
    current_ids.set(read_request_ids(dict(headers)))
    if "\0" in scope["path"]:
        raise NotFound
    if not scope["query_string"].isascii():
        # Drop the query, since the refusal looks for a language in it.
        scope["query_string"] = b""
        raise Malformed("the address is not ASCII; encode what comes after the question mark with %")
    size = (
        sum([len(name) + len(value) for name, value in headers]) + len(scope["raw_path"]) + len(scope["query_string"])
    )
    if len(headers) > HEADER_FIELDS or size > HEADER_BYTES:
        raise HeadersTooLarge(f"at most {HEADER_FIELDS} header fields and {HEADER_BYTES} bytes with the address")
    # HTTP/0.9 has no header fields.
    if scope["http_version"] == "0.9":
        raise Malformed("HTTP/0.9 is not served; send the request as HTTP/1.1")
    names = [name for name, _ in headers]
    # RFC 9112 section 3.2.
    if scope["http_version"] == "1.1" and names.count(b"host") != 1:
        raise Malformed("an HTTP/1.1 request needs one Host header field")
    for name in _SINGLE:
        if names.count(name) > 1:
            raise Malformed(f"the {name.decode().title()} header field came more than once; send it once")
    # HTTP/2 splits cookies into several fields (RFC 9113 section 8.2.3).
    if names.count(b"cookie") > 1:
        others = [field for field in headers if field[0] != b"cookie"]
        cookies = [value for name, value in headers if name == b"cookie"]
        scope["headers"] = [*others, (b"cookie", b"; ".join(cookies))]


def _check_host(scope: Scope) -> None:
    """Refuses an invalid Host, which RFC 9112 section 3.2 requires; the framework fails on it in some refusals."""
    for name, value in scope["headers"]:
        if name == b"host":
            try:
                _ = urlsplit(b"//" + value).port
            except ValueError:
                raise Malformed("the Host header is not a host, with or without a port") from None


def _check_media_type(value: bytes) -> None:
    if value == b"application/json":
        return
    media_type, *parameters = value.decode("latin-1").lower().split(";")
    if media_type.strip() != "application/json":
        raise UnsupportedMediaType("send the body as application/json in UTF-8")
    for parameter in parameters:
        name, _, text = parameter.strip().partition("=")
        if name == "charset" and text.strip("\"'") not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(f"the charset {text[:40]!r} is not read; send JSON in UTF-8")


async def _collect(receive: Receive) -> bytes:
    """Returns the body, cut soon after its limit.

    A little more is read, so that a client that is still sending does not miss the refusal; if it sends more than that,
    the connection is closed.
    """
    body, read = b"", 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Malformed("the body ended early")
        read += len(message["body"])
        if len(body) <= BODY_BYTES:
            body += bytes(message["body"])
        if not message["more_body"] or read > DRAIN_BYTES:
            return body


def _bounded(receive: Receive) -> Receive:
    """Returns the server's messages; more than a file may have raises TooLarge, where the handler reads it."""
    read, has_ended = 0, False

    async def bounded() -> Any:
        nonlocal read, has_ended
        message = await receive()
        if message["type"] == "http.disconnect":
            if not has_ended:
                raise Malformed("the body ended early")
            return message
        has_ended = not message["more_body"]
        read += len(message["body"])
        if read > FILE_BYTES:
            raise TooLarge(f"the file may have at most {FILE_BYTES // 1_000_000} MB")
        return message

    return bounded


def _replay(body: bytes, receive: Receive) -> Receive:
    """Returns the body that was read, then the server's further messages (a disconnect)."""
    given = False

    async def replayed() -> Any:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed


async def _refuse(error: VotingError, scope: Scope, send: Send, more: Sequence[tuple[bytes, bytes]] = ()) -> None:
    answer = render(Request(cast(HTTPScope, scope)), error)
    raw = [*((name.encode(), value.encode()) for name, value in answer.headers.items()), *more]
    raw.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body, "more_body": False})


def http_answer(error: VotingError, keep: bool) -> bytes:
    """Returns the problem as a complete HTTP/1.1 response, for a server that refuses a request before the application.

    With `keep` the connection stays open.
    """
    answer = problem(error)
    fields = [*((name.encode(), value.encode()) for name, value in answer.headers.items()), *ON_EVERY_RESPONSE]
    fields.append((b"content-length", b"%d" % len(answer.body)))
    if not keep:
        fields.append((b"connection", b"close"))
    status = f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}".encode()
    return b"\r\n".join([status, *(name + b": " + value for name, value in fields), b"", answer.body])


def count_request(route: str, method: str, status: int, seconds: float) -> None:
    """Counts a request that was answered."""
    counter, times = _metrics(route, method, status)
    counter.inc()
    times.observe(seconds)


@lru_cache(1000)
def _metrics(route: str, method: str, status: int) -> tuple[Any, Any]:
    """Cached: the library takes a lock for each look-up."""
    return telemetry.REQUESTS.labels(route, method, str(status)), telemetry.REQUEST_SECONDS.labels(route)
