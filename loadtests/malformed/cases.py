"""Requests for every route, sound ones and others: each from its seed and number alone, so that it can be repeated."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from random import Random
from typing import Any

from loadtests.malformed.bodies import TEXTS, body
from loadtests.malformed.ground import COVER, Ground
from loadtests.malformed.heads import headers, query

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY", "M-SEARCH")
# What is asked for, and how often: bodies are where most goes wrong.
ROUTES: tuple[tuple[int, str, str], ...] = (
    (30, "POST", "/api/v1/contests/{contest}/ballots"),
    (8, "POST", "/api/v1/contests/{contest}/voters"),
    (4, "POST", "/api/v1/staff/session"),
    (2, "DELETE", "/api/v1/staff/session"),
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
    """A request. `pieces`: at most so many bytes of the body at a time; 0: all at once."""

    method: str
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    pieces: int

    def __str__(self) -> str:
        shown = {name.decode("latin-1"): value.decode("latin-1")[:200] for name, value in self.headers}
        return f"{self.method} {self.target[:300]!r}\n  {shown}\n  {len(self.body)} bytes: {self.body[:600]!r}"


def case(seed: int, number: int, ground: Ground) -> Case:
    """The case of that number."""
    random = Random(f"{seed}-{number}")
    _, method, template = random.choices(ROUTES, _WEIGHTS)[0]
    sent = body(random, _sound(random, template, ground)) if method == "POST" or random.random() < 0.03 else b""
    if random.random() < 0.06:
        method = random.choice(METHODS)
    target = _path(random, template, ground) + query(random)
    size = random.choice(_SIZES) if len(sent) < 20_000 else 16 * 1024
    return Case(method, target, headers(random, ground, sent), sent, size)


def _sound(random: Random, template: str, ground: Ground) -> Any:
    """What the route takes."""
    if template.endswith("/ballots"):
        return _ballot(random, ground)
    if template.endswith("/voters"):
        return {"challenge": _challenge(random, ground)}
    return {"key": ground.staff} if template.endswith("/session") else {}


def _ballot(random: Random, ground: Ground) -> dict[str, Any]:
    ballot: dict[str, Any] = {"entries": random.sample(ground.entries, random.randint(1, 5))}
    if random.random() < 0.3:
        ballot["ticket"] = ground.ticket
    if random.random() < 0.3:
        ballot["client"] = {"screen": "412x915", "dpr": 2.5, "languages": ["zh-CN"], "timezone": "Asia/Shanghai"}
    if random.random() < 0.1:
        ballot["challenge"] = _challenge(random, ground)
    return ballot


def _challenge(random: Random, ground: Ground) -> str:
    """The solved one, or the base64 text of what became of its JSON."""
    if random.random() < 0.1:
        return ground.solved
    spoiled = body(random, json.loads(base64.b64decode(ground.solved)))
    return base64.b64encode(spoiled).decode()


def _path(random: Random, template: str, ground: Ground) -> bytes:
    names = {"contest": ground.contest, "entry": random.choice(ground.entries), "cover": COVER, "asset": "voter.js"}

    def fill(found: re.Match[str]) -> str:
        return _quoted(random.choice(TEXTS)) if random.random() < 0.06 else names[found[1]]

    path = re.sub(r"{(\w+)}", fill, template).encode("ascii")
    if random.random() < 0.05:
        at = random.randrange(len(path) + 1)
        path = path[:at] + random.choice(_ODD_PATHS) + path[at:]
    return path if random.random() > 0.01 else path + b"/" + b"a" * random.choice((255, 4096, 20_000))


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode("utf-8", "surrogatepass"))
