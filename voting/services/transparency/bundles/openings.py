"""Confidential openings for admitted auditors: what each ballot's commitment and each leaf of decisions was made from.

A file of its own, never part of a bundle: it has the picks of every ballot by its receipt's id. It has no voter and no
observation; voting/verifier/SPEC.md, section 8, describes it, and verify.py checks a bundle with it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from voting.domain.ballots.leaf import SALT_BYTES, Parts, state_part
from voting.domain.canonical_json import canonical
from voting.domain.transparency.decisions import DecisionLine, entries
from voting.errors import SettingInvalid
from voting.postgres.database import Connection, Database
from voting.postgres.transparency import openings
from voting.postgres.transparency.openings import OpenedBallot, UnloggedBallot
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.transparency.bundles.export import select_bundle

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Exported(NamedTuple):
    """What was written: ballots, and the file's SHA-256 in hex."""

    ballots: int
    sha256: str


async def export_openings(database: Database, actor: str, snapshot: ContestSnapshot, file: Path) -> Exported:
    """Writes the openings of the newest bundle into a new file that only its owner reads, on record.

    Raises NotFound, and SettingInvalid if the file exists or cannot be written.
    """
    contest, digest, ballots = snapshot.contest.id, hashlib.sha256(), 0

    async def record(tx: Connection) -> None:
        await audit.record(tx, actor, "openings.export", contest, {"certification": number})

    async with database.connection() as connection:
        number = (await select_bundle(connection, contest, None)).number
    # Before a line is written: who has the openings is known even if the command is ended.
    await database.transact(record)
    try:
        opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingInvalid(f"{file} cannot be written: {error.strerror}") from None
    with os.fdopen(opened, "wb") as out:
        async with (
            database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            async for kind, line in _lines(connection, contest):
                text = canonical([kind, *line]) + b"\n"
                digest.update(text)
                out.write(text)
                ballots += kind != "decisions"
    return Exported(ballots, digest.hexdigest())


async def _lines(connection: Connection, contest: str) -> AsyncIterator[tuple[str, Sequence[object]]]:
    """Yields the leaves of decisions by their numbers, the ballots in the log's order, and those from before it."""
    for leaf in await openings.select_leaves(connection, contest):
        lines = entries([DecisionLine(*line) for line in leaf.lines], leaf.salt)
        # Without a salt it was restored from the log alone, and cannot be opened.
        yield "decisions", [leaf.number, [[_base64(salt), line] for salt, line in lines] if leaf.salt else []]
    policies = await openings.select_policies(connection)
    async for ballot in openings.read_ballots(connection, contest):
        yield "ballot", [*_opened(ballot, policies), *_apart(ballot)]
    async for before in openings.read_unlogged(connection, contest):
        yield "unlogged", [str(before.id), sorted(before.picks), before.state, *_apart(before)]


def _opened(ballot: OpenedBallot, policies: Sequence[str]) -> list[object]:
    parts = Parts(ballot.parts[:32], ballot.parts[32:])
    salts = (ballot.salt[:SALT_BYTES], ballot.salt[SALT_BYTES:])
    # By which policy it was judged is not stored with a ballot: it is one of those that the service ran with.
    policy = next(
        (each for each in policies if state_part(salts[1], (ballot.state, ballot.reasons, each)) == parts.state), ""
    )
    return [
        ballot.leaf,
        str(ballot.id),
        # A text: the verifiers read integers of 15 digits.
        str((ballot.recorded_at - _EPOCH) // _MICROSECOND),
        sorted(ballot.picks),
        _base64(salts[0]),
        [_base64(salts[1]), ballot.state, list(ballot.reasons), policy],
        _base64(parts.state),
        _base64(parts.person),
    ]


def _apart(ballot: OpenedBallot | UnloggedBallot) -> list[str]:
    return ["apart"] if ballot.apart else []


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
