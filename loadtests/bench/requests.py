"""The requests that are measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from random import Random

from loadtests.contests import SECRET
from loadtests.http import ballot, request
from loadtests.popularity import Popularity
from loadtests.service import ID
from voting.services.identity.keyring import Keyring
from voting.web.auth import voter_cookie_name

CONTEST = f"/api/v1/contests/{ID}"
BALLOTS_EACH = 5
SENDERS = 400
NOOP = request(
    "POST", "/noop", {"Authorization": f"Bearer {'x' * 60}", "Idempotency-Key": "bench"}, b'{"entries": ["E001"]}'
)
READS = {
    "page": request("GET", f"/c/{ID}", {"Accept": "text/html"}),
    "entries": request("GET", f"{CONTEST}/entries"),
    "tallies": request("GET", f"{CONTEST}/tallies"),
}


def board(key: str) -> bytes:
    """Opens the live board."""
    return request("GET", f"{CONTEST}/live", {"Authorization": f"Bearer {key}", "Accept": "text/event-stream"})


def lean(tokens: Sequence[str], entries: Sequence[str]) -> Iterator[bytes]:
    """Ballots of programs: the fewest headers and no client report."""
    for _, token, key, entry in _allowed(tokens, entries, 1):
        yield ballot(ID, token, key, [entry])


def phones(tokens: Sequence[str], entries: Sequence[str], issued: datetime) -> Iterator[bytes]:
    """Ballots as the page sends them from WeChat's browser on `SENDERS` phones, through a proxy.

    Each voter has a ticket, which was issued at this time.
    """
    keyring, senders = Keyring(SECRET.encode()), [_sender(Random(number)) for number in range(SENDERS)]
    tickets = [keyring.issue_ticket(ID, issued) for _ in tokens]
    for number, token, key, entry in _allowed(tokens, entries, 2):
        headers, client = senders[number % SENDERS]
        own = {"Idempotency-Key": key, "Cookie": f"lang=zh; {voter_cookie_name(ID)}={token}"}
        body = json.dumps({"entries": [entry], "ticket": tickets[number], "client": client}, separators=(",", ":"))
        yield request("POST", f"{CONTEST}/ballots", headers | own, body.encode())


def _allowed(tokens: Sequence[str], entries: Sequence[str], seed: int) -> Iterator[tuple[int, str, str, str]]:
    """Voter's number, token, key and pick of ballots that the rules allow: each voter casts as many as the quota."""
    popularity = Popularity(entries, Random(seed))
    choices = [popularity.choose(BALLOTS_EACH) for _ in tokens]
    for ballot_number in range(BALLOTS_EACH):
        for number, (token, chosen) in enumerate(zip(tokens, choices, strict=True)):
            yield number, token, f"bench-{ballot_number}", chosen[ballot_number]


def _sender(random: Random) -> tuple[dict[str, str], dict[str, object]]:
    """The headers of a phone, and what its page reports."""
    model, build = random.choice(("V2148A", "PEEM00", "2201123C", "NOH-AN00", "M2102K1C")), random.randrange(100)
    chrome, wechat = random.choice((116, 122, 126)), random.randrange(40, 56)
    agent = (
        f"Mozilla/5.0 (Linux; Android 13; {model} Build/TP1A.{build:06d}; wv) AppleWebKit/537.36 (KHTML, like Gecko)"
        f" Version/4.0 Chrome/{chrome}.0.0.0 Mobile Safari/537.36 XWEB/1{chrome}0045 MMWEBSDK/20240404"
        f" MMWEBID/{build + 900} MicroMessenger/8.0.{wechat}.2600(0x28003{wechat:x}37) WeChat/arm64 Weixin NetType/4G"
        " Language/zh_CN ABI/arm64"
    )
    headers = {
        "Host": "vote.example",
        "X-Forwarded-For": f"{random.choice((36, 112, 117, 223))}.{random.randrange(256)}.{random.randrange(256)}.7",
        "X-Forwarded-Proto": "https",
        "User-Agent": agent,
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate, br",
        "Accept-Language": "zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7",
        "Cache-Control": "max-age=0",
        "Origin": "https://vote.example",
        "Referer": f"https://vote.example/c/{ID}",
        "Sec-Fetch-Dest": "empty",
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Site": "same-origin",
        "X-Requested-With": "com.tencent.mm",
    }
    width, height, ratio = random.choice(((360, 800, 3), (393, 873, 2.75), (412, 915, 2.625)))
    return headers, {
        "screen": f"{width}x{height}",
        "dpr": ratio,
        "languages": ["zh-CN", "zh", "en-US", "en"],
        "timezone": "Asia/Shanghai",
        "platform": "Linux aarch64",
    }
