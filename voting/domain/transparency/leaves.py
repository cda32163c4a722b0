"""The log's leaves besides those of ballots: lines of text, each ended, the first of which names the kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Literal

from voting.domain.contest.contest import Contest

Kind = Literal["open", "key", "decisions", "erasure", "seal", "close", "certificate", "incident"]


def leaf(kind: Kind, contest: str, at: datetime, lines: Iterable[tuple[str, object]]) -> bytes:
    """Returns the bytes of a leaf; `lines` are names with values."""
    text = [f"voting/{kind}/v1", contest, moment(at), *(f"{name} {value}" for name, value in lines)]
    return ("\n".join(text) + "\n").encode()


def opening(contest: Contest, document: str, at: datetime, receipt_key: str, policy: str, witnesses: str) -> bytes:
    """Returns the first leaf of a log: what its contest is held under.

    `policy` is the SHA-256 of the fraud policy, `witnesses` the file that says whose cosignatures count.
    """
    lines = [
        ("contest", sha256(document)),
        ("receipts", receipt_key),
        ("policy", policy),
        ("witnesses", sha256(witnesses)),
        ("opens", moment(contest.opens_at)),
        ("closes", moment(contest.closes_at)),
    ]
    return leaf("open", contest.id, at, lines)


def sha256(text: str) -> str:
    """Returns the hash of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def moment(at: datetime) -> str:
    """Returns the whole second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
