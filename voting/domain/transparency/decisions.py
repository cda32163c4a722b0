"""Decisions on ballots as the public log has them: as the root over salted lines, which only auditors are given.

A line has neither the voter nor the picks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from voting.domain.ballots import merkle
from voting.domain.canonical_json import canonical

SALT_BYTES = 16


class DecisionLine(NamedTuple):
    """A decision on one ballot. `policy` and `group` may be empty; `ruling`: of a reviewer, by number, or 0."""

    ballot: str
    state: str
    reasons: Sequence[str]
    stage: str
    policy: str
    group: str
    ruling: int
    salt: bytes

    def text(self) -> str:
        """Returns the line, without its end."""
        return canonical(list(self[:-1])).decode()


def entries(lines: Iterable[DecisionLine], last_salt: bytes) -> list[tuple[bytes, str]]:
    """Returns the salts and lines that a leaf commits to: in the ballots' order, then the one that says nothing."""
    return [*((line.salt, line.text()) for line in sorted(lines)), (last_salt, "[]")]


def root(entries: Iterable[tuple[bytes, str]]) -> bytes:
    """Returns the RFC 6962 root over salted lines."""
    return merkle.root_of([merkle.leaf_hash(salt + line.encode() + b"\n") for salt, line in entries])
