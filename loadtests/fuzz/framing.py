"""Broken HTTP/1.1: not the request is malformed, but its framing on the wire."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from loadtests.fuzz.cases import Case, case, smuggled_ballot
from loadtests.fuzz.environment import ValidData

# The pause of a client between two pieces.
PAUSE_SECONDS = 0.02


Pieces = tuple[bytes, ...]


@dataclass(frozen=True)
class Script:
    """What a connection sends. `whole`: it ends with a request that must be answered. `refused`: the end of the request
    is ambiguous, so the first answer must be a refusal, and there may be no second one. `answers`: their number if it
    is certain."""

    name: str
    pieces: Pieces
    whole: bool = False
    refused: bool = False
    answers: int = 0

    def __str__(self) -> str:
        return f"{self.name}: " + " | ".join(repr(piece[:500]) for piece in self.pieces[:8])


def script(seed: int, number: int, valid: ValidData) -> Script:
    """The script of this number: half are plain cases, the others have broken framing."""
    random = Random(f"{seed}-{number}-wire")
    if random.random() < 0.5:
        return _as_it_is(random, case(seed, number, valid))
    name = random.choice([*_SHAPES, "ballots in a row"])
    if name == "ballots in a row":
        return _in_a_row(random, valid)
    make, whole, refused = _SHAPES[name]
    return Script(name, make(random, valid), whole, refused)


def ballot(valid: ValidData, token: str, key: str, *, close: bool = True) -> bytes:
    """A valid ballot."""
    body = f'{{"entries": ["{valid.entries[0]}"]}}'.encode()
    fields = (
        f"Host: a\r\nAuthorization: Bearer {token}\r\nIdempotency-Key: {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" + "Connection: close\r\n" * close
    )
    return f"POST /api/v1/contests/{valid.contest}/ballots HTTP/1.1\r\n{fields}\r\n".encode() + body


def _ballot(random: Random, valid: ValidData, *, close: bool = True) -> bytes:
    return ballot(valid, random.choice(valid.tokens), f"{random.getrandbits(48):x}", close=close)


def _as_it_is(random: Random, each: Case) -> Script:
    names = {name for name, _ in each.headers}
    fields = [field for field in each.headers if field[0] != b"content-length"]
    chunked = bool(each.body) and random.random() < 0.3
    if chunked:
        fields.append((b"transfer-encoding", b"chunked"))
    elif each.body:
        fields.append((b"content-length", b"%d" % len(each.body)))
    odd = b"content-length" in names and not each.body
    body = _chunks(random, each.body) if chunked else each.body
    text = head(each.method.encode(), each.target, [*fields, (b"connection", b"close")]) + body
    return Script("as it is", _cut(random, text, 3), whole=not odd)


def head(method: bytes, target: bytes, fields: list[tuple[bytes, bytes]]) -> bytes:
    """The head of a request."""
    lines = [b" ".join((method, target, b"HTTP/1.1")), *(name + b": " + value for name, value in fields), b"", b""]
    return b"\r\n".join(lines)


def _chunks(random: Random, body: bytes) -> bytes:
    size = random.choice((1, 7, 1000, 100_000)) if len(body) < 20_000 else 10_000
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    extension = random.choice((b"", b"", b";a=b", b';a="b;c"'))
    trailer = random.choice((b"", b"", b"X-Trailer: 1\r\n"))
    return b"".join(b"%x%b\r\n%b\r\n" % (len(part), extension, part) for part in parts) + b"0\r\n" + trailer + b"\r\n"


def _cut(random: Random, text: bytes, most: int) -> Pieces:
    """In pieces."""
    marks = sorted(random.randrange(len(text) + 1) for _ in range(random.randrange(most)))
    return tuple(text[start:end] for start, end in zip((0, *marks), (*marks, len(text)), strict=True))


def _plain(fields: bytes, rest: bytes = b"", line: bytes = b"POST /api/v1/contests HTTP/1.1") -> bytes:
    return line + b"\r\nHost: a\r\n" + fields + b"\r\n" + rest


def _in_a_row(random: Random, valid: ValidData) -> Script:
    """Ballots that the lane takes, one behind another, cut anywhere; the last request closes the connection."""
    count = random.choice((1, 1, 2, 5))
    last = b"GET /health/live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    text = b"".join(_ballot(random, valid, close=False) for _ in range(count)) + last
    return Script("ballots in a row", _cut(random, text, 5), whole=True, answers=count + 1)


SMUGGLED = b"GET /health/live?smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


def _two_lengths(random: Random, valid: ValidData) -> Pieces:
    fields = random.choice(
        (
            b"Content-Length: 0\r\nContent-Length: %d\r\n",
            b"Content-Length: 0, %d\r\n",
            b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n",
            b"Transfer-Encoding: chunked\r\nContent-Length: %d\r\n",
            b"Content-Length : %d\r\n",
            b"Content-Length: +%d\r\n",
            b"Content-Length: -%d\r\n",
            b"Content-Length: 0x%x\r\n",
            b"Content-Length: %d \x0b\r\n",
            b"Transfer-Encoding: chunked, identity\r\nContent-Length: %d\r\n",
            b"Transfer-Encoding: xchunked\r\nContent-Length: %d\r\n",
            b"Transfer-Encoding:\x0bchunked\r\nContent-Length: %d\r\n",
            b"Transfer-Encoding : chunked\r\nX: %d\r\n",
            b"X: y\rTransfer-Encoding: chunked\r\nContent-Length: %d\r\n",
            b"X: y\n\x00Transfer-Encoding: chunked\r\nContent-Length: %d\r\n",
        )
    )
    body = random.choice((b"0\r\n\r\n", b"")) + random.choice((SMUGGLED, smuggled_ballot(random, valid)))
    if random.random() < 0.5:
        return (_plain(fields % len(body), body),)
    line, _, rest = _ballot(random, valid, close=False).partition(b"\r\n")
    own = rest.partition(b"Content-Length")[0]
    return (_plain(own.removeprefix(b"Host: a\r\n") + fields % len(body), body, line),)


def _request_in_a_body(random: Random, valid: ValidData) -> Pieces:
    """A body that is a request, or ends with one."""
    line, _, rest = _ballot(random, valid, close=random.random() < 0.3).partition(b"\r\n")
    fields, _, content = rest.partition(b"\r\n\r\n")
    body = random.choice((b"", content, b"\r\n\r\n")) + smuggled_ballot(random, valid)
    own = re.sub(rb"Content-Length: \d+", b"Content-Length: %d" % len(body), fields)
    return _cut(random, line + b"\r\n" + own + b"\r\n\r\n" + body, 4)


def _bad_chunks(random: Random, valid: ValidData) -> Pieces:
    chunk = random.choice(
        (
            b"zz\r\nabc\r\n0\r\n\r\n",
            b"-1\r\n\r\n0\r\n\r\n",
            b"0x3\r\nabc\r\n0\r\n\r\n",
            b"fffffffffffffffff\r\nabc",
            b" 3\r\nabc\r\n0\r\n\r\n",
            b"\r\n0\r\n\r\n",
            b"3\r\nabcX\r\n0\r\n\r\n",
            b"3\nabc\n0\n\n",
            b"3;" + b"x" * 20_000 + b"\xff\x00\r\nabc\r\n0\r\n\r\n",
        )
    )
    return (_plain(b"Transfer-Encoding: chunked\r\n", chunk + SMUGGLED),)


def _long_trailers(random: Random, valid: ValidData) -> Pieces:
    trailers = b"".join(b"T-%d: %b\r\n" % (number, b"x" * 100) for number in range(random.choice((1, 100, 2000))))
    text = _plain(b"Transfer-Encoding: chunked\r\n", b"1\r\na\r\n0\r\n" + trailers + b"\r\n")
    return (text,)


def _pipelined(random: Random, valid: ValidData) -> Pieces:
    gets = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n" * random.choice((1, 5, 40))
    ballot = _ballot(random, valid, close=False)
    tail = random.choice((SMUGGLED, b"\0\0\0\r\n\r\n", b"GET / HTTP/1.1\r\nHo", b"", ballot[:-3]))
    return _cut(random, ballot + gets + tail, 4)


def _ended_early(random: Random, valid: ValidData) -> Pieces:
    text = _ballot(random, valid, close=random.random() < 0.5)
    return (text[: random.randrange(1, len(text))],)


def _too_much(random: Random, valid: ValidData) -> Pieces:
    """The body is longer than its length, and the rest is a request."""
    text = _ballot(random, valid, close=random.random() < 0.5)
    return (text + SMUGGLED,)


def _long_lines(random: Random, valid: ValidData) -> Pieces:
    size = random.choice((8_000, 17_000, 70_000, 300_000))
    text = random.choice(
        (
            b"GET /" + b"a" * size + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /?" + b"a" * size + b" HTTP/1.1\r\nHost: a\r\n\r\n",
            _plain(b"X: " + b"a" * size + b"\r\n", line=b"GET / HTTP/1.1"),
            _plain(b"X" * size + b": a\r\n", line=b"GET / HTTP/1.1"),
            _plain(b"X: y\r\n" * (size // 6), line=b"GET / HTTP/1.1"),
            b"A" * size,
            b"GET / HTTP/1.1" + b" " * size + b"\r\n\r\n",
        )
    )
    return (text,)


def _odd_start(random: Random, valid: ValidData) -> Pieces:
    line = random.choice(
        (
            b"GET http://evil.example/c/bench HTTP/1.1",
            b"GET http://evil.example HTTP/1.1",
            b"GET http://[::1/x HTTP/1.1",
            b"GET https://u:p@a:99999/x HTTP/1.1",
            b"GET //evil.example/x HTTP/1.1",
            b"GET *  HTTP/1.1",
            b"OPTIONS * HTTP/1.1",
            b"CONNECT a:443 HTTP/1.1",
            b"CONNECT / HTTP/1.1",
            b"GET / HTTP/1.0",
            b"GET / HTTP/0.9",
            b"GET / HTTP/2.0",
            b"GET / HTTP/9.9",
            b"GET / HTTP/1.10",
            b"GET / http/1.1",
            b"GET / HTTPS/1.1",
            b"GET /",
            b"GET",
            b"get / HTTP/1.1",
            b"BREW / HTTP/1.1",
            b"GET\t/\tHTTP/1.1",
            b" GET / HTTP/1.1",
            b"GET /\xe4\xbd\x9c?q=\xff HTTP/1.1",
            b"GET /c/bench?q=\xe4 HTTP/1.1",
            b"GET /c/bench#fragment HTTP/1.1",
            b"GET ?q HTTP/1.1",
            b"GET c/bench HTTP/1.1",
            b"PRI * HTTP/2.0\r\n\r\nSM",
            b"SOURCE / HTTP/1.1",
            b"\r\n\r\n\r\nGET / HTTP/1.1",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + random.randbytes(60),
            random.randbytes(80),
        )
    )
    return _cut(random, _plain(b"Connection: close\r\n", line=line), 3)


def _odd_fields(random: Random, valid: ValidData) -> Pieces:
    fields = random.choice(
        (
            b"Host: b\r\n",
            b"Host: a b\r\n",
            b"X: a\r\n folded\r\n",
            b" X: a\r\n",
            b"X : a\r\n",
            b": a\r\n",
            b"no colon\r\n",
            b"X: a\0b\r\n",
            b"X: a\rb\r\n",
            b"X: \x7f\r\n",
            b"X\xff: a\r\n",
            b"X(: a\r\n",
            b"X: a\nY: b\n",
            b"Expect: 100-continue\r\n",
            b"Expect: nonsense\r\n",
            b"Connection: close, keep-alive, \xff\r\n",
            b"Connection: keep-alive\r\nKeep-Alive: timeout=-1\r\n",
            b"Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n",
            b"Upgrade: h2c\r\nConnection: upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n",
            b"TE: trailers\r\nTrailer: Content-Length\r\n",
        )
    )
    line = random.choice((b"GET /c/bench HTTP/1.1", b"POST /api/v1/contests/bench/ballots HTTP/1.1"))
    body = b"Content-Length: 2\r\n" if line.startswith(b"POST") else b""
    return _cut(random, _plain(fields + body, b"{}" if body else b"", line), 3)


def _byte_by_byte(random: Random, valid: ValidData) -> Pieces:
    text = _ballot(random, valid)
    return tuple(text[at : at + 40] for at in range(0, len(text), 40))


# Name: how its pieces are made, whether it is whole, and whether it must be refused.
_SHAPES: dict[str, tuple[Callable[[Random, ValidData], Pieces], bool, bool]] = {
    "two lengths": (_two_lengths, False, True),
    "request in a body": (_request_in_a_body, False, True),
    "bad chunks": (_bad_chunks, False, True),
    "long trailers": (_long_trailers, False, False),
    "pipelined": (_pipelined, False, False),
    "ended early": (_ended_early, False, False),
    "too much": (_too_much, False, False),
    "long lines": (_long_lines, False, False),
    "odd start": (_odd_start, False, False),
    "odd fields": (_odd_fields, False, False),
    "byte by byte": (_byte_by_byte, True, False),
}
