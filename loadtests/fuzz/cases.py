"""Requests for all routes, valid and malformed, each made from a seed and a number, so that it can be repeated."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any

from loadtests.fuzz.bodies import TEXTS, body
from loadtests.fuzz.environment import COVER, SMUGGLED_KEY, ValidData
from loadtests.fuzz.headers import headers, query

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "M-SEARCH")
# Weight, method and path: most faults are in bodies.
ROUTES: tuple[tuple[int, str, str], ...] = (
    (30, "POST", "/api/v1/contests/{contest}/ballots"),
    (8, "POST", "/api/v1/contests/{contest}/voters"),
    (4, "POST", "/api/v1/staff/session"),
    (2, "DELETE", "/api/v1/staff/session"),
    (1, "GET", "/api/v1/staff/sessions"),
    (2, "PUT", "/api/v1/staff/password"),
    (2, "GET", "/api/v1/staff/audit"),
    (2, "POST", "/api/v1/contests/{contest}/challenges"),
    (2, "GET", "/api/v1/contests"),
    (3, "GET", "/api/v1/contests/{contest}"),
    (4, "GET", "/api/v1/contests/{contest}/entries"),
    (3, "GET", "/api/v1/contests/{contest}/tallies"),
    (4, "GET", "/api/v1/contests/{contest}/me"),
    (2, "GET", "/api/v1/contests/{contest}/live"),
    (2, "GET", "/api/v1/contests/{contest}/results"),
    (1, "GET", "/api/v1/schema"),
    (1, "GET", "/api/v1/schema/openapi.json"),
    (2, "GET", "/media/{contest}/{cover}"),
    (2, "GET", "/"),
    (4, "GET", "/c/{contest}"),
    (3, "GET", "/c/{contest}/entries/{entry}"),
    (2, "GET", "/board/{contest}"),
    (1, "GET", "/staff"),
    (2, "GET", "/static/{asset}"),
    (1, "GET", "/health/live"),
    (1, "GET", "/health/ready"),
    (1, "GET", "/metrics"),
    (1, "GET", "/favicon.ico"),
)
_WEIGHTS = [weight for weight, _, _ in ROUTES]
_ODD_PATHS = (b"//", b"/.", b"/..", b"/%2e%2e", b"/%2f", b"/%00", b"/%ff", b"/%", b"/%zz", b";a=b", b"/ ", b"/\\", b"*")
_SIZES = (0, 1, 2, 16, 1024)


@dataclass(frozen=True, slots=True)
class Case:
    """A request. `pieces`: at most this many bytes of the body at a time; 0: all at once."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    pieces: int

    def __str__(self) -> str:
        shown = {name.decode("latin-1"): value.decode("latin-1")[:200] for name, value in self.headers}
        return f"{self.method} {self.target[:300]!r}\n  {shown}\n  {len(self.body)} bytes: {self.body[:600]!r}"


def case(seed: int, number: int, valid: ValidData) -> Case:
    """The case of this number."""
    random = Random(f"{seed}-{number}")
    _, method, template = random.choices(ROUTES, _WEIGHTS)[0]
    sent = (
        body(random, _valid_body(random, template, valid))
        if method in ("POST", "PUT") or random.random() < 0.03
        else b""
    )
    if random.random() < 0.06:
        method = random.choice(METHODS)
    target = _path(random, template, valid) + query(random)
    size = random.choice(_SIZES) if len(sent) < 20_000 else 16 * 1024
    return Case(method, target, headers(random, valid, sent), sent, size)


def ballot_case(random: Random, valid: ValidData) -> Case:
    """A POST of a ballot, often valid. Some bodies are requests, which must not be served."""
    kind, sound = random.random(), _ballot(random, valid)
    if kind < 0.03:
        sent = smuggled_ballot(random, valid)
    else:
        sent = body(random, sound) if kind < 0.6 else json.dumps(sound).encode()
    target = _path(random, ROUTES[0][2], valid) + (query(random) if random.random() < 0.05 else b"")
    return Case("POST", target, headers(random, valid, sent), sent, 0)


def smuggled_ballot(random: Random, valid: ValidData) -> bytes:
    """A valid ballot to put where no request is: it must not be recorded."""
    content = json.dumps({"entries": [random.choice(valid.entries)]}).encode()
    fields = (
        f"Host: a\r\nAuthorization: Bearer {random.choice(valid.tokens)}\r\nContent-Type: application/json\r\n"
        f"Idempotency-Key: {SMUGGLED_KEY}{random.getrandbits(32):x}\r\nContent-Length: {len(content)}\r\n"
    )
    return f"POST /api/v1/contests/{valid.contest}/ballots HTTP/1.1\r\n{fields}\r\n".encode() + content


def _valid_body(random: Random, template: str, valid: ValidData) -> Any:
    """A valid body for the route."""
    if template.endswith("/ballots"):
        return _ballot(random, valid)
    if template.endswith("/voters"):
        return {"challenge": _challenge(random, valid)}
    return {"key": valid.staff} if template.endswith("/session") else {}


def _ballot(random: Random, valid: ValidData) -> dict[str, Any]:
    ballot: dict[str, Any] = {"entries": random.sample(valid.entries, random.randint(1, 5))}
    if random.random() < 0.3:
        ballot["ticket"] = valid.ticket
    if random.random() < 0.3:
        ballot["client"] = {"screen": "412x915", "dpr": 2.5, "languages": ["zh-CN"], "timezone": "Asia/Shanghai"}
    if random.random() < 0.1:
        ballot["challenge"] = _challenge(random, valid)
    return ballot


def _challenge(random: Random, valid: ValidData) -> str:
    """The solved one, or one with changed JSON."""
    if random.random() < 0.1:
        return valid.solved
    spoiled = body(random, json.loads(base64.b64decode(valid.solved)))
    return base64.b64encode(spoiled).decode()


def _path(random: Random, template: str, valid: ValidData) -> bytes:
    names = {"contest": valid.contest, "entry": random.choice(valid.entries), "cover": COVER, "asset": "voter.js"}

    def fill(found: re.Match[str]) -> str:
        return _quoted(random.choice(TEXTS)) if random.random() < 0.06 else names[found[1]]

    path = re.sub(r"{(\w+)}", fill, template).encode("ascii")
    if random.random() < 0.05:
        at = random.randrange(len(path) + 1)
        path = path[:at] + random.choice(_ODD_PATHS) + path[at:]
    return path if random.random() > 0.01 else path + b"/" + b"a" * random.choice((255, 4096, 20_000))


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
