"""Bugs that are planted in a process of the service: each function changes it before it serves."""

# Imports are inside the functions, since other processes import this file too.
from __future__ import annotations

import asyncio
import functools
import itertools
import json
import os
import random
import secrets
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

App = Callable[[Any, Any, Any], Awaitable[None]]
Around = Callable[["Ballot"], Awaitable[None]]
Insert = Callable[..., Awaitable[bool]]
HANG_SECONDS = 16.0
SKEW = "2 seconds"
FAIL_SECONDS = 0.15
BEFORE_THE_END_SECONDS = 1.5
# Longer than between two looks at a busy database.
SLOW_SECONDS = 3.5
EARLY_SECONDS = 0.05


@dataclass
class Ballot:
    """A request that casts a ballot."""

    app: App
    scope: Any
    receive: Any
    send: Any

    async def answer(self) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """The answer of the service: status, headers, body."""
        messages: list[Any] = []

        async def keep(message: Any) -> None:
            messages.append(message)

        await self.app(self.scope, self.receive, keep)
        body = b"".join(message.get("body", b"") for message in messages[1:])
        return messages[0]["status"], list(messages[0]["headers"]), body

    async def tell(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """Sends an answer to the client."""
        kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
        length = (b"content-length", str(len(body)).encode())
        await self.send({"type": "http.response.start", "status": status, "headers": [*kept, length]})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})

    def name(self) -> tuple[bytes, bytes]:
        """Credential and key, which identify a ballot."""
        headers = dict(self.scope["headers"])
        return headers.get(b"authorization", b""), headers.get(b"idempotency-key", b"")


def put(owner: object, name: str, value: object) -> None:
    """Replaces an attribute, which must exist."""
    assert hasattr(owner, name), f"{owner} has no {name}: plant this bug elsewhere"
    setattr(owner, name, value)


def _around_ballots(around: Around) -> None:
    """Passes every ballot through `around`. There is no lane then, since the application in between has none."""
    import voting.web.app as web

    made = web.create_app

    def create(*parts: Any) -> Any:
        app: App = made(*parts)

        async def wrapped(scope: Any, receive: Any, send: Any) -> None:
            if scope["type"] == "http" and scope["path"].endswith("/ballots"):
                await around(Ballot(app, scope, receive, send))
            else:
                await app(scope, receive, send)

        return wrapped

    put(web, "create_app", create)


def failures_accepted() -> None:
    async def around(ballot: Ballot) -> None:
        status, headers, body = await ballot.answer()
        if status == 503:
            status, body = 201, json.dumps({"ballot": str(uuid.uuid4()), "receipt": "r"}).encode()
        await ballot.tell(status, headers, body)

    _around_ballots(around)


def receipts_mixed() -> None:
    last = [""]

    async def around(ballot: Ballot) -> None:
        status, headers, body = await ballot.answer()
        if status == 201:
            content = json.loads(body)
            other, last[0] = last[0], content["ballot"]
            if other and random.random() < 0.05:
                body = json.dumps(content | {"ballot": other}).encode()
        await ballot.tell(status, headers, body)

    _around_ballots(around)


def _limits(change: Callable[[int], int]) -> None:
    from voting.domain.contest.schema import Quota

    put(Quota, "limit", property(lambda quota: change(quota.picks or quota.ballots or 0)))


def quota_boundless() -> None:
    _limits(lambda limit: 10_000)


def quota_wide() -> None:
    _limits(lambda limit: limit + 1)


def quota_narrow() -> None:
    _limits(lambda limit: max(1, limit - 1))


def keys_ignored() -> None:
    async def around(ballot: Ballot) -> None:
        headers = [
            (name, value + b"-" + secrets.token_hex(4).encode() if name == b"idempotency-key" else value)
            for name, value in ballot.scope["headers"]
        ]
        await ballot.app({**ballot.scope, "headers": headers}, ballot.receive, ballot.send)

    _around_ballots(around)


def replays_differ() -> None:
    async def around(ballot: Ballot) -> None:
        status, headers, body = await ballot.answer()
        if status == 201:
            body = json.dumps(json.loads(body) | {"answered": time.time()}).encode()
        await ballot.tell(status, headers, body)

    _around_ballots(around)


def bodies_alike() -> None:
    import voting.domain.ballots.ballot as domain

    put(domain, "same_picks", lambda one, other: True)


def replays_refused() -> None:
    known: set[tuple[bytes, bytes]] = set()

    async def around(ballot: Ballot) -> None:
        if ballot.name() in known:
            body = json.dumps({"code": "quota_exhausted"}).encode()
            await ballot.tell(409, [(b"content-type", b"application/problem+json")], body)
            return
        status, headers, body = await ballot.answer()
        if status == 201:
            known.add(ballot.name())
        await ballot.tell(status, headers, body)

    _around_ballots(around)


def _around_writes(change: Callable[[Any, Any, Any, str], Awaitable[Any]]) -> None:
    """Changes every write to Redis by `change(view, uid, tallies, mode)`; None skips it."""
    from voting.redis.tallies import TallyView

    write: Any = TallyView.write

    async def changed(view: Any, uid: Any, tallies: Any, mode: str = "some") -> None:
        made = await change(view, uid, tallies, mode)
        if made is not None:
            await write(view, uid, made, mode)

    put(TallyView, "write", changed)


def view_incremented() -> None:
    async def change(view: Any, uid: Any, tallies: Any, mode: str) -> Any:
        there = await view.read(uid) or {}
        return {
            entry: replace(tally, counted=tally.counted + (there[entry].counted if entry in there else 0))
            for entry, tally in tallies.items()
        }

    _around_writes(change)


def view_above() -> None:
    async def change(view: Any, uid: Any, tallies: Any, mode: str) -> Any:
        if mode != "replace":
            return tallies
        return {
            entry: replace(tally, counted=tally.counted + 3, version=tally.version + 1000)
            for entry, tally in tallies.items()
        }

    _around_writes(change)


def view_partial() -> None:
    async def change(view: Any, uid: Any, tallies: Any, mode: str) -> Any:
        whole = mode in ("complete", "replace") and tallies
        return None if whole else tallies

    _around_writes(change)


def signatures_ignored() -> None:
    import voting.domain.identity.token as domain

    put(domain, "unseal", lambda key, token: domain._decode(token.partition(".")[0]))


def contests_confused() -> None:
    from voting.errors import CredentialInvalid
    from voting.services.identity.keyring import Keyring

    opened = Keyring.open_credential

    def either(keyring: Keyring, contest: str, token: str) -> Any:
        try:
            return opened(keyring, contest, token)
        except CredentialInvalid:
            return opened(keyring, contest.replace("main", "brief"), token)

    put(Keyring, "open_credential", either)


def clock_fast() -> None:
    import voting.postgres.queries as module

    read = module.named

    def skewed(noun: str) -> dict[str, str]:
        fast = f"(clock_timestamp() + interval '{SKEW}')"
        return {name: text.replace("clock_timestamp()", fast) for name, text in read(noun).items()}

    assert any("clock_timestamp()" in text for text in read("ballots").values())
    put(module, "named", skewed)


def window_endless() -> None:
    from voting.domain.contest.contest import Contest

    phase = Contest.phase

    def endless(contest: Contest, now: Any, paused: bool = False) -> str:
        found = phase(contest, now, paused)
        return "open" if found == "closed" else found

    put(Contest, "phase", endless)
    # The statement that stores a batch compares the clock, too.
    _unguarded("clock_timestamp() < $5", "$5::timestamptz is not null")


def end_unheeded() -> None:
    """A batch that was judged before the window's end is stored after it."""
    _unguarded("clock_timestamp() < $5", "$5::timestamptz is not null")

    async def slow(insert: Insert, connection: Any, contest: str, rows: Any, **more: Any) -> bool:
        left = (more["closes_at"] - more["context"].now).total_seconds()
        if 0 < left < BEFORE_THE_END_SECONDS:
            await asyncio.sleep(left + SLOW_SECONDS)
        return await insert(connection, contest, rows, **more)

    _around_inserts(slow)


def pause_unheeded() -> None:
    """A batch that was judged before a pause is stored in it."""
    _unguarded("revision = $2", "$2::bigint is not null")

    async def slow(insert: Insert, connection: Any, contest: str, rows: Any, **more: Any) -> bool:
        await asyncio.sleep(SLOW_SECONDS if random.random() < 0.1 else 0)
        return await insert(connection, contest, rows, **more)

    _around_inserts(slow)


def _unguarded(guard: str, instead: str) -> None:
    """Removes a condition from the statement that stores a batch."""
    import voting.postgres.queries as queries

    read = queries.named
    assert guard in read("ballots")["insert"]

    def without(noun: str) -> dict[str, str]:
        return {name: text.replace(guard, instead) for name, text in read(noun).items()}

    put(queries, "named", without)


def _around_inserts(around: Callable[..., Awaitable[bool]]) -> None:
    """Stores every batch by `around(insert, connection, contest, rows, **more)`."""
    from voting.postgres import ballots as module

    put(module, "insert", functools.partial(around, module.insert))


def ordinals_random() -> None:
    """Two ballots of a voter that are cast at the same time do not meet."""

    async def scattered(insert: Insert, connection: Any, contest: str, rows: Any, **more: Any) -> bool:
        rows = [row._replace(ordinal=secrets.randbelow(1 << 30)) for row in rows]
        return await insert(connection, contest, rows, **more)

    _around_inserts(scattered)


def loser_renumbered() -> None:
    """The loser of a race for an ordinal takes the next one, and is not judged again."""
    from asyncpg import UniqueViolationError

    async def renumbered(insert: Insert, connection: Any, contest: str, rows: Any, **more: Any) -> bool:
        while True:
            try:
                return await insert(connection, contest, rows, **more)
            except UniqueViolationError:
                rows = [row._replace(ordinal=row.ordinal + 1) for row in rows]

    _around_inserts(renumbered)


def answered_early() -> None:
    """A batch is answered, and then stored over another connection."""
    import asyncpg

    tasks: set[asyncio.Task[None]] = set()

    async def store(insert: Insert, *batch: Any, **more: Any) -> None:
        await asyncio.sleep(EARLY_SECONDS)
        connection = await asyncpg.connect(os.environ["DATABASE_URL"])
        try:
            await insert(connection, *batch, **more)
        finally:
            await connection.close()

    async def early(insert: Insert, connection: Any, *batch: Any, **more: Any) -> bool:
        task = asyncio.create_task(store(insert, *batch, **more))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        return True

    _around_inserts(early)


def replays_signed_otherwise() -> None:
    """The receipt of a replay is made for another moment."""
    from voting.postgres import ballots as module

    read = module.read_batches

    async def later(*batches: Any) -> Any:
        found = await read(*batches)
        moment = timedelta(microseconds=1)
        return {id: batch._replace(recorded_at=batch.recorded_at + moment) for id, batch in found.items()}

    put(module, "read_batches", later)


def hanging() -> None:
    turns = itertools.count()

    async def around(ballot: Ballot) -> None:
        if next(turns) % 60 == 59:
            await asyncio.sleep(HANG_SECONDS)
        await ballot.app(ballot.scope, ballot.receive, ballot.send)

    _around_ballots(around)


def retry_after_lost() -> None:
    async def around(ballot: Ballot) -> None:
        status, headers, body = await ballot.answer()
        await ballot.tell(status, [pair for pair in headers if pair[0].lower() != b"retry-after"], body)

    _around_ballots(around)


def connections_cut() -> None:
    turns = itertools.count()

    async def around(ballot: Ballot) -> None:
        status, headers, body = await ballot.answer()
        if next(turns) % 40 != 39:
            await ballot.tell(status, headers, body)
            return
        length = (b"content-length", str(len(body) + 1).encode())
        await ballot.send({"type": "http.response.start", "status": status, "headers": [length]})
        raise ConnectionError("planted")

    _around_ballots(around)


def neighbours_fail() -> None:
    until = [0.0]

    async def around(ballot: Ballot) -> None:
        status, headers, body = await ballot.answer()
        if status == 400:
            until[0] = time.monotonic() + FAIL_SECONDS
        elif time.monotonic() < until[0]:
            status = 500
        await ballot.tell(status, headers, body)

    _around_ballots(around)


def lock_stale() -> None:
    """A killed worker leaves its lock, and no other worker starts while it is there."""
    import voting.asgi as module

    made = module.application

    def application() -> Any:
        folder = Path(os.environ["VOTING_DATA"])
        for lock in folder.glob("worker-*.lock"):
            if not Path("/proc", lock.stem.removeprefix("worker-")).exists():
                os._exit(1)
        (folder / f"worker-{os.getpid()}.lock").touch()
        return made()

    put(module, "application", application)
