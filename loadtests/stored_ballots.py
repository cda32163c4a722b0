"""Fills the tables with ballots as casting records them, but by COPY: a million in less than a minute."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

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
)
_NEXT_BATCH = "select setval(pg_get_serial_sequence('batches', 'id'), max(id)) from batches"


def facts(id: uuid.UUID) -> str:
    """What is observed of a phone's ballot, as JSON; much of it is hashes, which do not compress."""
    return (
        f'[null,null,null,1136,"{id.hex}","{id.hex[::-1]}",null,null,{id.int >> 65},{id.int % 2**63},'
        '4299211695322858504,0,"wechat",null,null,[136,32,1,1,1,1,0]]'
    )


def held(ballots: int) -> int:
    """The number of held ones among the first `ballots`."""
    return -(-ballots // 50)


async def fill(environment: Mapping[str, str], ballots: int, entries: Sequence[str]) -> None:
    """Stores ballots of two picks, each of another voter, and no tally; the contest must have none yet."""
    connection = await asyncpg.connect(environment["DATABASE_OWNER_URL"])
    keyring = Keyring(environment["VOTING_SECRET"].encode())
    begun = await connection.fetchval("select clock_timestamp()")
    for first in range(0, ballots, _BATCHES_AT_ONCE * BATCH):
        firsts = range(first, min(ballots, first + _BATCHES_AT_ONCE * BATCH), BATCH)
        batches = [_batch(keyring, each, min(BATCH, ballots - each), begun, entries) for each in firsts]
        await connection.copy_records_to_table("batches", records=[batch for batch, _ in batches], columns=_BATCHES)
        rows = [row for _, rows in batches for row in rows]
        await connection.copy_records_to_table("ballots", records=rows, columns=_BALLOTS)
    await connection.execute(_DECISIONS, timeout=600)
    await connection.execute(_NEXT_BATCH)
    await connection.execute("vacuum analyze", timeout=600)
    await connection.execute("checkpoint", timeout=600)
    await connection.close()


def _batch(
    keyring: Keyring, first: int, count: int, begun: datetime, entries: Sequence[str]
) -> tuple[tuple[object, ...], list[tuple[object, ...]]]:
    """A batch and its ballots, signed. Its id is the number of its first ballot."""
    at, ids = begun + timedelta(microseconds=first), [uuid.uuid4() for _ in range(count)]
    picks = [
        [entries[each % len(entries)], entries[(each + 1 + each // 7 % (len(entries) - 1)) % len(entries)]]
        for each in range(first, first + count)
    ]
    leaves = [
        merkle.leaf_hash(Receipt(ID, str(id), at, commitment(id.bytes, ID, str(id), codes)).statement())
        for id, codes in zip(ids, picks, strict=True)
    ]
    signature = keyring.sign(merkle.root_of(leaves))
    observed = f"[{','.join(map(facts, ids))}]"
    batch = (ID, first, at, [id.bytes for id in ids], observed, [REMAINING] * count, b"".join(leaves), signature)
    return batch, [
        (ID, id.bytes, 1, str(id), id, codes, "count" if number % 50 else "hold", at, id.bytes, first, number - first)
        for number, (id, codes) in enumerate(zip(ids, picks, strict=True), first)
    ]
