"""The log's leaves besides those of ballots: lines of text, each ended, the first of which names the kind."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple

from voting.domain.contest.contest import Contest

Kind = Literal["open", "key", "decisions", "erasure", "seal", "close", "certificate", "incident"]


def leaf(kind: Kind, contest: str, at: datetime, lines: Iterable[tuple[str, object]]) -> bytes:
    """Returns the bytes of a leaf; `lines` are names with values."""
    text = [f"voting/{kind}/v1", contest, moment(at), *(f"{name} {value}" for name, value in lines)]
    return ("\n".join(text) + "\n").encode()


class Leaf(NamedTuple):
    """A leaf other than a ballot's. Of lines with the same name `lines` has the last."""

    kind: str
    at: datetime
    lines: dict[str, str]


def read_leaf(entry: bytes) -> Leaf:
    """Parses a leaf that `leaf` made."""
    head, _, at, *rest = entry.decode().removesuffix("\n").split("\n")
    lines = {name: value for name, _, value in (line.partition(" ") for line in rest)}
    return Leaf(head.split("/")[1], datetime.fromisoformat(at), lines)


def opening(
    contest: Contest,
    document: str,
    at: datetime,
    receipt_key: str,
    policy: str,
    witnesses: str,
    verifiers: Mapping[str, str],
) -> bytes:
    """Returns the first leaf of a log: what its contest is held under.

    `policy` is the SHA-256 of the fraud policy, `witnesses` that of the file that says whose cosignatures count,
    `verifiers` those of the programs that check the log.
    """
    lines = [
        ("contest", sha256(document)),
        ("receipts", receipt_key),
        ("policy", policy),
        ("witnesses", witnesses),
        *verifiers.items(),
        ("opens", moment(contest.opens_at)),
        ("closes", moment(contest.closes_at)),
        *(("certificate", signer.vkey) for signer in contest.signers),
    ]
    return leaf("open", contest.id, at, lines)


def sha256(text: str) -> str:
    """Returns the hash of a text, in hex."""
    return hashlib.sha256(text.encode()).hexdigest()


def moment(at: datetime) -> str:
    """Returns the whole second, in UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
