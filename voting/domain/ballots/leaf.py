"""The leaf of a ballot: what its receipt states and the public log holds, and the commitment in it.

The commitment has three parts, each with a salt of its own: one can be opened without the others, and a person can be
erased while the leaf stays valid.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from json.encoder import encode_basestring
from typing import NamedTuple

from voting.domain.ballots.ballot import Receipt, commitment

SALT_BYTES = 16
# A ballot's salts, joined: of its picks, its state and its person.
SALTS_BYTES = 3 * SALT_BYTES
PART_BYTES = 32
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Parts(NamedTuple):
    """What is stored of a commitment: the part of the state and that of the person. The picks' part is computed."""

    state: bytes
    person: bytes


def parts(salts: bytes, judged: tuple[str, Sequence[str], str], voter: bytes, facts: bytes) -> Parts:
    """Returns the parts of the state, reasons and policy that a ballot was recorded with, and of its person."""
    return Parts(
        state_part(salts[SALT_BYTES : 2 * SALT_BYTES], judged),
        hashlib.sha256(b"voting person v2\0" + salts[2 * SALT_BYTES :] + voter + facts).digest(),
    )


def state_part(salt: bytes, judged: tuple[str, Sequence[str], str]) -> bytes:
    """Returns the part of the state, reasons and policy that a ballot was recorded with."""
    state, reasons, policy = judged
    said = f"[{encode_basestring(state)},{_json_list(reasons)},{encode_basestring(policy)}]"
    return hashlib.sha256(b"voting state v2\0" + salt + said.encode()).digest()


def leaf(
    contest: str, ballot: str, recorded_at: datetime, salt: bytes, picks: Sequence[str], parts: Parts | None
) -> bytes:
    """Returns the bytes of a ballot's leaf. `salt` begins with that of the picks.

    Without parts: the statement of a receipt from before there was a log.
    """
    if parts is None:
        return Receipt(contest, ballot, recorded_at, commitment(salt, contest, ballot, picks)).statement()
    microseconds = (recorded_at - _EPOCH) // _MICROSECOND
    chosen = f"[{encode_basestring(contest)},{encode_basestring(ballot)},{microseconds},{_json_list(sorted(picks))}]"
    of_picks = hashlib.sha256(b"voting picks v2\0" + salt[:SALT_BYTES] + chosen.encode()).digest()
    committed = hashlib.sha256(b"voting ballot v2\0" + of_picks + parts.state + parts.person).digest()
    moment = f"{recorded_at.astimezone(UTC).isoformat(timespec='seconds')[:19]}Z"
    lines = ("voting/ballot/v2", contest, ballot, moment, str(len(picks)), base64.b64encode(committed).decode())
    return ("\n".join(lines) + "\n").encode()


def read_leaf(text: str) -> tuple[str, str, datetime] | None:
    """Returns the contest, the ballot and the moment that a leaf, or an earlier receipt's statement, names.

    The moment of a leaf is whole seconds. None: the text is of another form.
    """
    lines = text.split("\n")
    if lines[0] not in ("voting/ballot/v2", "voting receipt v1"):
        return None
    return lines[1], lines[2], datetime.fromisoformat(lines[3])


def stated_picks(leaf: bytes) -> int:
    """Returns the number of picks that a ballot's leaf states."""
    return int(leaf.split(b"\n", 5)[4])


def split_parts(stored: bytes, ballots: int) -> list[Parts]:
    """Returns the parts of each of a batch's ballots; empty ones where they are missing."""
    size = 2 * PART_BYTES
    return [
        Parts(stored[at : at + PART_BYTES], stored[at + PART_BYTES : at + size])
        for at in range(0, ballots * size, size)
    ]


def _json_list(texts: Iterable[str]) -> str:
    """Returns the list as RFC 8785 writes it, at a fifth of the cost of json.dumps."""
    return f"[{','.join([encode_basestring(text) for text in texts])}]"
