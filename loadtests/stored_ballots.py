"""Fills the tables with ballots as casting records them, but by COPY: a million in less than a minute."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from random import random

import asyncpg

from loadtests.service import ID
from voting.domain.ballots import merkle
from voting.domain.ballots.ballot import Receipt, commitment
from voting.services.identity.keyring import Keyring

BATCH = 64
# The quota that was left, as JSON.
REMAINING = (
    '{"picks":4,"limits":[{"unit":"picks","per":"contest","period":"window","scope":"","limit":5,"left":4,'
    '"renews_at":"2026-12-01T19:53:20+08:00"}]}'
)
_BATCHES_AT_ONCE = 1000
_BALLOTS = (
    *("contest", "voter", "ordinal", "idempotency_key", "id", "picks"),
    *("state", "recorded_at", "salt", "batch", "place"),
)
_BATCHES = ("contest", "id", "recorded_at", "voters", "facts", "remaining", "leaves", "signature")
_DECISIONS = (
    "insert into decisions (contest, ballot, decided_at, stage, state, reasons, actor)"
    " select contest, id, recorded_at, 'online', state, reasons, 'policy' from ballots where state = 'hold'"
    " and not exists (select from decisions where contest = ballots.contest and ballot = ballots.id)"
)
_NEXT_BATCH = "select setval(pg_get_serial_sequence('batches', 'id'), max(id)) from batches"


def facts(id: uuid.UUID, reading: int = 1136) -> str:
    """What is observed of a phone's ballot, as JSON; much of it is hashes, which do not compress.

    `reading`: the milliseconds that its voter looked at the page.
    """
    return (
        f'[null,null,null,{reading},"{id.hex}","{id.hex[::-1]}",null,null,{id.int >> 65},{id.int % 2**63},'
        '4299211695322858504,0,"wechat",null,null,[136,32,1,1,1,1,0]]'
    )


def held(ballots: int) -> int:
    """The number of held ones among the first `ballots`."""
    return -(-ballots // 50)


async def fill(
    environment: Mapping[str, str],
    ballots: int,
    entries: Sequence[str],
    *,
    days: float = 0.0,
    tenths: range = range(10),
) -> None:
    """Stores ballots of two picks, each of another voter, and no tally; the contest must have none yet.

    They are spread evenly over the last `days`, or are a microsecond apart. `tenths`: which of ten batches in a row are
    stored by this call, so that several calls fill the same contest.
    """
    connection = await asyncpg.connect(environment["DATABASE_OWNER_URL"])
    keyring = Keyring(environment["VOTING_SECRET"].encode())
    apart = timedelta(days=days) / ballots or timedelta(microseconds=1)
    begun = await connection.fetchval("select clock_timestamp()") - timedelta(days=days)
    firsts = [first for first in range(0, ballots, BATCH) if first // BATCH % 10 in tenths]
    for number in range(0, len(firsts), _BATCHES_AT_ONCE):
        portion = firsts[number : number + _BATCHES_AT_ONCE]
        batches = [_batch(keyring, each, min(BATCH, ballots - each), (begun, apart), entries) for each in portion]
        await connection.copy_records_to_table("batches", records=[batch for batch, _ in batches], columns=_BATCHES)
        rows = [row for _, rows in batches for row in rows]
        await connection.copy_records_to_table("ballots", records=rows, columns=_BALLOTS)
    await connection.execute(_DECISIONS, timeout=3600)
    await connection.execute(_NEXT_BATCH)
    await connection.execute("vacuum analyze", timeout=3600)
    await connection.execute("checkpoint", timeout=3600)
    await connection.close()


def _batch(
    keyring: Keyring, first: int, count: int, moments: tuple[datetime, timedelta], entries: Sequence[str]
) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
    """A batch and its ballots, signed. Its id is the number of its first ballot."""
    begun, apart = moments
    # Not at regular intervals, which a sweep would find.
    at, ids = begun + apart * (first + random() * count), [uuid.uuid4() for _ in range(count)]
    picks = [
        [entries[each % len(entries)], entries[(each + 1 + each // 7 % (len(entries) - 1)) % len(entries)]]
        for each in range(first, first + count)
    ]
    leaves = [
        merkle.leaf_hash(Receipt(ID, str(id), at, commitment(id.bytes, ID, str(id), codes)).statement())
        for id, codes in zip(ids, picks, strict=True)
    ]
    signature = keyring.sign(merkle.root_of(leaves))
    # One in twenty was read for the same time, which a sweep finds.
    readings = [1136 if id.int % 20 == 0 else 1000 + (id.int >> 20) % 30_000 for id in ids]
    observed = f"[{','.join(map(facts, ids, readings))}]"
    batch = (ID, first, at, [id.bytes for id in ids], observed, [REMAINING] * count, b"".join(leaves), signature)
    return batch, [
        (ID, id.bytes, 1, str(id), id, codes, "count" if number % 50 else "hold", at, id.bytes, first, number - first)
        for number, (id, codes) in enumerate(zip(ids, picks, strict=True), first)
    ]
