"""Generated nonsense against the real service, in short; `make malformed` has the long run."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from loadtests.fuzz import both_routes, in_process, over_http
from loadtests.fuzz.__main__ import main
from loadtests.fuzz.bodies import body
from loadtests.fuzz.cases import case
from loadtests.fuzz.environment import SMUGGLED_KEY, ValidData, started, wrongly_recorded
from loadtests.fuzz.framing import Script, ballot, script
from loadtests.fuzz.judge import faults, wrong
from loadtests.fuzz.sockets import Answer, exchange, judged, parse
from voting.server.ballot_lane import read_plain

SEED = 11
Ready = tuple[ValidData, dict[str, str]]
PIPELINED = b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(scope="module")
def valid() -> Iterator[Ready]:
    with started() as ready:
        yield ready


@pytest.fixture(scope="module")
def server(valid: Ready) -> Iterator[tuple[int, Path]]:
    with over_http.serving(valid[1]) as ready:
        yield ready


async def test_three_thousand_requests_in_process(valid: Ready) -> None:
    found = await asyncio.to_thread(in_process.drive, in_process.play, *valid, SEED, range(3000))
    assert found.faults == []
    assert sum(found.statuses.values()) == 3000
    assert found.statuses[201] > 20, "some ballots must be sound, or nothing is tried behind the edge"
    assert await wrongly_recorded(valid[1]) == ""


async def test_both_routes_answer_the_same_bytes(valid: Ready) -> None:
    found = await asyncio.to_thread(in_process.drive, both_routes.play, *valid, SEED, range(600))
    assert found.faults == []
    assert found.statuses[201] > 200
    assert await wrongly_recorded(valid[1]) == ""


def test_ballots_for_both_routes_are_often_plain_in_a_row_and_cut(valid: Ready) -> None:
    made = [both_routes.ballots(SEED, number, valid[0]) for number in range(200)]
    assert made == [both_routes.ballots(SEED, number, valid[0]) for number in range(200)]
    requests = [request for each in made for request in each.requests]
    plain = [request for request in requests if read_plain(request)]
    assert len(plain) > len(requests) / 2
    for each in made:
        assert b"".join(each.packets) == b"".join(each.requests)
    assert sum(len(each.requests) > 1 and len(each.packets) > 1 for each in made) > 20
    assert not any(read_plain(both_routes.for_the_parser(request)) for request in requests)
    assert any(SMUGGLED_KEY.encode() in request for request in requests)


def test_answers_that_differ_are_found() -> None:
    one, other = b"HTTP/1.1 200 OK\r\nx: 1\r\n\r\na", b"HTTP/1.1 200 OK\r\nx: 1\r\n\r\nb"
    dated = one.replace(b"x: 1", b"date: now\r\nx: 1")
    ended = one.replace(b"x: 1", b"x: 1\r\nconnection: close")
    assert both_routes.comparable(one, False) == both_routes.comparable(dated, False)
    assert both_routes.comparable(one, False) != both_routes.comparable(other, False)
    assert both_routes.comparable(one, False) != both_routes.comparable(ended, False)
    assert both_routes.comparable(one, True) == both_routes.comparable(ended, True)


async def test_eight_hundred_over_raw_sockets(valid: Ready, server: tuple[int, Path]) -> None:
    port, log = server
    found = await asyncio.to_thread(over_http.send, valid[0], port, SEED, range(800))
    assert found.faults == []
    assert found.statuses[201] > 20
    assert over_http.logged(log) == []
    assert await wrongly_recorded(valid[1]) == ""


async def test_schemathesis_finds_nothing(server: tuple[int, Path]) -> None:
    port, log = server
    assert await asyncio.to_thread(over_http.explore, port, SEED, 3) == ""
    assert over_http.logged(log) == []


async def test_bytes_after_a_ballot_do_not_get_its_answer(valid: Ready, server: tuple[int, Path]) -> None:
    raw = ballot(valid[0], valid[0].spare[1], "k", close=False)
    answers = await exchange(server[0], Script("", (raw + b"\0\0\0\r\n\r\n",)))
    assert [answer.status for answer in answers] == [201, 400]
    assert answers[1].headers[b"connection"] == b"close"
    answers = await exchange(server[0], Script("", (PIPELINED + raw + PIPELINED,)))
    assert [answer.status for answer in answers] == [200, 201, 200]


async def test_stray_bytes_do_not_keep_a_connection(server: tuple[int, Path]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server[0])
    writer.write(PIPELINED)
    await reader.readuntil(b'"ok"}')
    writer.write(b"\r\n")
    async with asyncio.timeout(25):
        assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize(
    "line", [b"GET /c/bench?q=\xe4 HTTP/1.1\r\nHost: a", b"GET /c/bench?page=x HTTP/1.1\r\nHost: a:99999"]
)
@pytest.mark.parametrize("accept", [b"text/html", b"*/*"])
async def test_what_was_once_answered_500(server: tuple[int, Path], line: bytes, accept: bytes) -> None:
    text = line + b"\r\nConnection: close\r\nAccept: " + accept + b"\r\n\r\n"
    (answer,) = await exchange(server[0], Script("", (text,), whole=True))
    assert answer.status == 400


def test_a_seed_makes_the_same_requests_again(valid: Ready) -> None:
    for number in range(200):
        assert case(5, number, valid[0]) == case(5, number, valid[0])
        assert script(5, number, valid[0]) == script(5, number, valid[0])
    assert case(5, 1, valid[0]) != case(6, 1, valid[0])


def test_most_bodies_are_changed_and_some_are_left() -> None:
    sound_body = {"entries": ["E001"]}
    made = [body(Random(number), sound_body) for number in range(400)]
    assert 30 < sum(each == json.dumps(sound_body).encode() for each in made) < 200
    assert len(set(made)) > 200


def test_what_is_wrong_is_told() -> None:
    assert "500" in wrong(500, {}, b"")
    assert wrong(503, {}, b'{"code":"internal"}')
    assert wrong(503, {b"retry-after": b"1"}, b'{"code":"try_again"}') == ""
    assert wrong(200, {b"set-cookie": b"a\r\nb"}, b"")
    assert wrong(200, {b"content-type": b"application/json"}, b"{")
    assert faults("listening\n") == []
    assert len(faults("ERROR:    Exception in ASGI application\nTraceback (most recent call last):\n")) == 2


def test_a_smuggled_request_is_told() -> None:
    second = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    answers = list(parse(b"HTTP/1.1 400 \r\ncontent-length: 0\r\n\r\n" + second))
    assert answers == [
        Answer(400, {b"content-length": b"0"}, b""),
        Answer(200, {b"transfer-encoding": b"chunked"}, b"a"),
    ]
    assert "taken for a request" in judged(Script("", (), refused=True), answers)
    assert judged(Script("", (), refused=True), answers[:1]) == ""
    assert judged(Script("", (), whole=True), []) == "not answered"
    assert "instead of 3 times" in judged(Script("", (), answers=3), answers)


@pytest.mark.campaign
def test_one_request_can_be_sent_again_and_leaves_no_settings_behind() -> None:
    before = dict(os.environ)
    done = CliRunner().invoke(main, ["--seed", "5", "--only", "3"])
    assert done.exit_code == 0, done.output
    assert "1 in process" in done.output
    assert "over both routes" in done.output
    assert "over raw sockets" in done.output
    assert dict(os.environ) == before
