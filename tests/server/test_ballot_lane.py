"""The lane for plain ballots: what it takes, and that its answers are those of the documented route, byte for byte."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.conftest import Contests, environment_of, serving
from voting.server.ballot_lane import read_plain
from voting.services.ballots.group_commit import STALLED_SECONDS
from voting.settings import Settings
from voting.web.plain_ballots import decode_plain

BALLOTS = "POST /api/v1/contests/a/ballots HTTP/1.1"
HOST = "Host: vote.example:8000"


@pytest.mark.parametrize(
    ("head", "plain"),
    [
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3", True),
        (f"{BALLOTS}\r\n{HOST}\r\ncontent-length:3 \r\nConnection: keep-alive", True),
        (f"{BALLOTS}\r\n{HOST}\r\nConnection: Keep-Alive\r\nContent-Length: 3", True),
        (f"{BALLOTS}\r\n{HOST}\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\r\nCookie: a=b; c=d\r\nContent-Length: 3", True),
        (f"{BALLOTS}\r\n{HOST}\r\nConnection: close\r\nContent-Length: 3", False),
        (f"{BALLOTS}\r\n{HOST}\r\nConnection: keep-alive, Upgrade\r\nContent-Length: 3", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nContent-Length: 3", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\ncontent-length: 4", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: +3", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3, 3", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 16385", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 0", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nExpect: 100-continue", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nTE: trailers", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nX-A: b\r\n folded", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nX-A : b", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nX-A: b\tc", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nX-A: \x80", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nX-A: b\nX-B: c", False),
        (f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nX-A: {'b' * 16384}", False),
        (f"{BALLOTS}\r\nContent-Length: 3", False),
        (f"{BALLOTS}\r\nHost: vote.example:99999\r\nContent-Length: 3", False),
        (f"{BALLOTS}\r\n{HOST}\r\n{HOST}\r\nContent-Length: 3", False),
        (f"{BALLOTS}\r\n{HOST}", False),
        (f"POST /api/v1/contests/a/ballots HTTP/1.0\r\n{HOST}\r\nContent-Length: 3", False),
        (f"POST /api/v1/contests/a/ballots?x=1 HTTP/1.1\r\n{HOST}\r\nContent-Length: 3", False),
        (f"POST /api/v1/contests/a%2fb/ballots HTTP/1.1\r\n{HOST}\r\nContent-Length: 3", False),
        (f"POST /api/v1/contests/a/challenges HTTP/1.1\r\n{HOST}\r\nContent-Length: 3", False),
        (f"POST http://a/api/v1/contests/a/ballots HTTP/1.1\r\n{HOST}\r\nContent-Length: 3", False),
        (f"GET /api/v1/contests/a/ballots HTTP/1.1\r\n{HOST}\r\nContent-Length: 3", False),
    ],
)
def test_only_unremarkable_requests_are_taken(head: str, plain: bool) -> None:
    assert (read_plain(f"{head}\r\n\r\n{{}}\n".encode("latin-1")) is not None) == plain


def test_a_taken_request_ends_where_its_length_says() -> None:
    head = f"{BALLOTS}\r\n{HOST}\r\nContent-Length: 3\r\nX-Real: \t\r\n".replace("\t", " x ")
    for body, rest in ((b"{}\n", b""), (b"{}\n", b"POST /next"), (b"{}", b"")):
        request = read_plain(f"{head}\r\n".encode() + body + rest)
        assert request is not None
        assert (request.contest, request.body, request.size) == ("a", body, len(head) + 2 + 3)
        assert request.fields[-1] == (b"x-real", b"x")
    assert read_plain(f"{head}".encode()) is None, "the head is not complete"


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ('{"entries": ["A001"]}', True),
        ('{"entries":["A001","A002"],"ticket":"t","client":{"screen":"1x2","dpr":2,"languages":["zh"]}}', True),
        ('{"entries": ["风能"]}', True),
        ('{"entries": ["A001"], "entries": ["A002"]}', False),
        ('{"entries": ["A001"], "client": {"dpr": 1, "dpr": 2}}', False),
        ('{"entries": ["A\\u0000"]}', False),
        ('{"entries": ["A001"], "other": 1}', False),
        ('{"entries": "A001"}', False),
        ('{"entries": []}', False),
        ('{"entries": ["A001"], "client": {"dpr": NaN}}', False),
        ('{"entries": ["A001"]} {}', False),
        ('\ufeff{"entries": ["A001"]}', False),
        ("[" * 5000, False),
    ],
)
def test_only_unremarkable_bodies_are_taken(body: str, plain: bool) -> None:
    assert (decode_plain(body.encode()) is not None) == plain


def test_a_body_that_is_no_utf_8_is_not_taken() -> None:
    assert decode_plain(b'{"entries": ["A\xff01"]}') is None


Answers = list[bytes]


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answer_of(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head)
    assert length
    return head + await reader.readexactly(int(length[1]))


async def ask(port: int, parts: Sequence[bytes], count: int = 1) -> Answers:
    """Sends the parts, each as a packet of its own, and returns the answers."""
    async with asyncio.timeout(20), connection(port) as (reader, writer):
        for part in parts:
            writer.write(part)
            await writer.drain()
            if len(parts) > 1:
                await asyncio.sleep(0.002)
        return [await answer_of(reader) for _ in range(count)]


def ballot(contest: str, token: str, key: str, body: str, *fields: str) -> bytes:
    head = (
        f"POST /api/v1/contests/{contest}/ballots HTTP/1.1",
        "Host: vote.example",
        "Content-Type: application/json",
        f"Content-Length: {len(body.encode())}",
        f"Authorization: Bearer {token}",
        f"Idempotency-Key: {key}",
        *fields,
    )
    return "\r\n".join([*head, "", body]).encode()


def by_parser(request: bytes) -> bytes:
    """The same request, spelt so that the lane does not take it."""
    return request.replace(b"Host: vote.example", b"Host: \tvote.example", 1)


def comparable(answer: bytes) -> bytes:
    """The answer without what differs from one moment to the next."""
    answer = re.sub(rb"date: [^\r]+", b"date: -", answer)
    answer = re.sub(rb"x-ratelimit-remaining: \d+", b"x-ratelimit-remaining: -", answer)
    return re.sub(rb"retry-after: \d+", b"retry-after: -", answer)


@pytest.fixture(scope="module")
def port(settings: Settings) -> Iterator[int]:
    with serving(environment_of(settings)) as (url, _):
        yield urlsplit(url).port or 0


async def test_both_routes_answer_the_same_bytes(port: int, contests: Contests) -> None:
    """Generated ballots: sound, refused, repeated; by the lane first or by the parser first."""
    random, contest = Random(16), await contests.make("[ballot]\nmost = 2\n[[quota]]\npicks = 9\nperiod = 'window'\n")
    closed = await contests.make()
    tokens = contests.tokens(contest, 12)
    agents = ("User-Agent: Mozilla/5.0 (Linux; Android 14) MicroMessenger/8.0.49", "Accept-Language: zh-CN,zh;q=0.9")
    bodies = (
        '{"entries": ["A001"]}',
        '{"entries": ["A001", "A002"]}',
        '{"entries": ["A002", "A001"], "client": {"screen": "390x844", "dpr": 3, "languages": ["zh-CN"]}}',
        '{"entries": ["A001", "A001"]}',
        '{"entries": ["nothing"]}',
        '{"entries": ["A001", "A002", "A003"]}',
        '{"entries": "A001"}',
        '{"entries": ["A001"], "ticket": "forged"}',
        "{",
    )
    seen = set()
    for _ in range(150):
        token = random.choice((*tokens, "forged.token", contests.tokens(closed, 1)[0]))
        name = random.choice((contest,) * 8 + ("unknown-contest",))
        fields = random.sample(agents, random.randrange(3))
        sent = ballot(name, token, f"k{random.randrange(40)}", random.choice(bodies), *fields)
        ways = [sent, by_parser(sent)]
        assert read_plain(ways[0])
        assert not read_plain(ways[1])
        random.shuffle(ways)
        first, second = [comparable((await ask(port, [way]))[0]) for way in ways]
        assert first == second, sent
        seen.add((first[9:12], json.loads(first.partition(b"\r\n\r\n")[2]).get("code")))
    assert {code for _, code in seen} >= {None, "picks_invalid", "entry_unknown", "credential_invalid", "malformed"}


async def test_ballots_split_at_every_byte_are_recorded_once(port: int, contests: Contests) -> None:
    contest = await contests.make()
    token = contests.tokens(contest, 1)[0]
    sent = ballot(contest, token, "one", '{"entries": ["A001"]}', "X-Forwarded-For: 192.0.2.7")
    answers: list[Answers] = []
    # More than the gate admits at once would be refused.
    for first in range(1, len(sent), 50):
        cuts = range(first, min(first + 50, len(sent)))
        answers += await asyncio.gather(*(ask(port, [sent[:cut], sent[cut:]]) for cut in cuts))
    assert {answer[:12] for (answer,) in answers} == {b"HTTP/1.1 201"}
    assert len({answer.partition(b"\r\n\r\n")[2] for (answer,) in answers}) == 1
    assert await contests.counted(contest) == {"A001": 1}


async def test_pipelined_ballots_are_answered_in_order(port: int, contests: Contests) -> None:
    contest = await contests.make("[ballot]\nmost = 1\n[[quota]]\npicks = 9\nperiod = 'window'\n")
    token = contests.tokens(contest, 1)[0]
    each = [ballot(contest, token, f"k{number}", f'{{"entries": ["A00{number}"]}}') for number in range(1, 7)]
    health = b"GET /health/live HTTP/1.1\r\nHost: vote.example\r\n\r\n"
    requests = [each[0], each[1], health, by_parser(each[2]), each[3], health, each[4], each[5]]
    answers = await ask(port, [b"".join(requests)], len(requests))
    lefts = [json.loads(answer.partition(b"\r\n\r\n")[2]).get("remaining", {}).get("picks") for answer in answers]
    assert lefts == [8, 7, None, 6, 5, None, 4, 3]
    # In packets that end anywhere.
    data, random = b"".join(requests), Random(3)
    cuts = sorted(random.sample(range(1, len(data)), 12))
    parts = [data[first:last] for first, last in itertools.pairwise([0, *cuts, len(data)])]
    again = await ask(port, parts, len(requests))
    assert [comparable(answer) for answer in again] == [comparable(answer) for answer in answers]
    assert sum((await contests.counted(contest)).values()) == 6


async def test_a_ballot_whose_body_never_comes_is_refused_and_counts_nothing(port: int, contests: Contests) -> None:
    contest = await contests.make()
    token = contests.tokens(contest, 1)[0]
    sent = ballot(contest, token, "one", '{"entries": ["A001"]}')
    (answer,) = await ask(port, [sent[:-5]])
    assert answer.startswith(b"HTTP/1.1 408")
    assert await contests.counted(contest) == {}


async def test_contests_that_nobody_made_take_no_place_of_a_real_one(port: int, contests: Contests) -> None:
    contest = await contests.make()
    token = contests.tokens(contest, 1)[0]
    invented = [ballot(f"no-{number}", token, "k", '{"entries": ["A001"]}') for number in range(250)]
    # It is known to the worker.
    await ask(port, [ballot(contest, token, "first", '{"entries": ["A001"]}')])
    refused = [asyncio.create_task(ask(port, [each])) for each in invented]
    await asyncio.sleep(0.05)
    (answer,) = await ask(port, [ballot(contest, token, "first", '{"entries": ["A001"]}')])
    assert answer.startswith(b"HTTP/1.1 201"), answer
    assert {answer[9:12] for (answer,) in await asyncio.gather(*refused)} <= {b"404", b"503"}


async def test_many_pipelined_ballots_are_all_answered(port: int, contests: Contests) -> None:
    """More than is kept at once: reading pauses, and goes on."""
    contest = await contests.make()
    token = contests.tokens(contest, 1)[0]
    sent = ballot(contest, token, "one", '{"entries": ["A001"]}')
    answers = await ask(port, [sent * 500], 500)
    assert {answer[:12] for answer in answers} == {b"HTTP/1.1 201"}
    assert len({answer.partition(b"\r\n\r\n")[2] for answer in answers}) == 1
    assert await contests.counted(contest) == {"A001": 1}


async def test_pipelined_ballots_of_a_stuck_contest_are_all_refused(
    port: int, contests: Contests, settings: Settings
) -> None:
    contest = await contests.make()
    token, other = contests.tokens(contest, 2)
    body = '{"entries": ["A001"]}'
    await ask(port, [ballot(contest, token, "known", body)])
    connection = await asyncpg.connect(settings.database_owner_url)
    async with connection.transaction():
        await connection.execute("select from gates where contest = $1 for update", contest)
        stuck = asyncio.create_task(ask(port, [ballot(contest, other, "stuck", body)]))
        await asyncio.sleep(STALLED_SECONDS + 0.3)
        refused = await ask(port, [ballot(contest, token, "more", body) * 400], 400)
    assert {answer[:12] for answer in refused} == {b"HTTP/1.1 503"}
    assert (await stuck)[0].startswith(b"HTTP/1.1 201")
    await connection.close()
    assert (await ask(port, [ballot(contest, token, "known", body)]))[0].startswith(b"HTTP/1.1 201")
