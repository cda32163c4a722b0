"""Bugs in how answers reach their voters, most in the lane for plain ballots; planted as those of patches.py."""

# Imports are inside the functions, since other processes import this file too.
from __future__ import annotations

import json
import random
import re
import uuid
from collections.abc import Callable
from typing import Any

from loadtests.faults.patches import put

Respond = Callable[..., None]
IMPATIENT_SECONDS = 0.02


def outcomes_mixed() -> None:
    """The ballots of a batch get each other's outcomes."""
    from voting.services.ballots.record import BallotRecorder

    record: Any = BallotRecorder.record

    async def turned(*batch: Any) -> Any:
        first, *others = await record(*batch)
        return [*others, first]

    put(BallotRecorder, "record", turned)


def _around_answers(change: Callable[[Respond], Respond]) -> None:
    """Changes how the lane answers each ballot."""
    from voting.web.plain_ballots import PlainBallots

    begin: Any = PlainBallots.begin

    def changed(plain: Any, contest: str, scope: Any, body: bytes, respond: Respond) -> Any:
        return begin(plain, contest, scope, body, change(respond))

    put(PlainBallots, "begin", changed)


def connections_confused() -> None:
    """Some answers wait for the next one, and go out over its connection."""
    held: list[tuple[Respond, Any]] = []

    def change(respond: Respond) -> Respond:
        def confused(*answer: Any) -> None:
            if held:
                other, others_answer = held.pop()
                other(*answer)
                respond(*others_answer)
            elif random.random() < 0.05:
                held.append((respond, answer))
            else:
                respond(*answer)

        return confused

    _around_answers(change)


def abandoned_accepted() -> None:
    """A ballot that takes too long is given up, and answered 201."""
    import voting.web.plain_ballots as module

    def change(respond: Respond) -> Respond:
        def accepted(status: int, fields: bytes, body: bytes) -> None:
            if status == 503:
                status, body = 201, json.dumps({"ballot": str(uuid.uuid4()), "receipt": "r"}).encode()
                fields = re.sub(rb"content-length: \d+", b"content-length: %d" % len(body), fields)
            respond(status, fields, body)

        return accepted

    put(module, "ANSWER_SECONDS", IMPATIENT_SECONDS)
    _around_answers(change)


def pipelined_dropped() -> None:
    """What a connection sends while a ballot is cast is forgotten."""
    from voting.server.ballot_lane import LaneProtocol

    respond: Any = LaneProtocol._respond

    def forgetful(protocol: Any, *answer: Any) -> None:
        put(protocol, "_rest", b"")
        respond(protocol, *answer)

    put(LaneProtocol, "_respond", forgetful)


def split_cast_twice() -> None:
    """A ballot whose body comes in a packet of its own is cast by each packet, under a key of its own."""
    from voting.server.ballot_lane import LaneProtocol

    end, cast = LaneProtocol._end_of_partial, LaneProtocol._cast
    partial: set[Any] = set()

    def noting(protocol: Any) -> bytes:
        data = end(protocol)
        if data:
            partial.add(protocol)
        return data

    def twice(protocol: Any, request: Any, data: bytes) -> None:
        if protocol in partial:
            partial.discard(protocol)
            named = [(name, value + b"-2" * (name == b"idempotency-key")) for name, value in request.fields]
            scope = {"type": "http", "method": "POST", "path": request.path, "query_string": b"", "headers": named}
            scope["client"] = protocol.client
            protocol.app.plain_ballots.begin(request.contest, scope, request.body, lambda *answer: None)
        cast(protocol, request, data)

    put(LaneProtocol, "_end_of_partial", noting)
    put(LaneProtocol, "_cast", twice)


def replays_uncommitted() -> None:
    """A replay reads the ballot and does not wait until a standby has it."""
    from voting.postgres import ballots

    assert "flush" in ballots._QUERIES
    ballots._QUERIES["flush"] = "select 1"
