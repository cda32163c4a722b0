"""The audit log's chain of hashes: its records in canonical form, and the check that finds the first one tampered with.

Each hash is SHA-256 of the hash before it and the record's canonical text, so a record cannot be edited, deleted,
inserted or moved without changing every hash after it. Whoever may rewrite the whole table can make a new chain; a head
or an export that was kept elsewhere shows it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from voting.errors import AuditBroken

_LINE = re.compile(r'\{"hash": "([0-9a-f]{64})", "record": (\[(\d{1,18}), .*\])\}')
_HEAD = re.compile(r"(\d{1,18}):([0-9a-f]{64})")


class Head(NamedTuple):
    """The last record of a chain: its number and hash."""

    seq: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash.hex()}"


GENESIS = Head(0, hashlib.sha256(b"voting audit log v1").digest())
"""The head of a log without records."""


class AuditRecord(NamedTuple):
    """A stored record. `details` is JSON, byte for byte as it was recorded."""

    seq: int
    at: datetime
    actor: str
    action: str
    contest: str | None
    details: str
    hash: bytes


class Link(NamedTuple):
    """A record as the chain sees it: its number, canonical text and hash."""

    seq: int
    text: str
    hash: bytes

    @property
    def line(self) -> str:
        """The record's line of an export."""
        return f'{{"hash": "{self.hash.hex()}", "record": {self.text}}}'


def link(record: AuditRecord) -> Link:
    """Returns the record in canonical form, as the migration 0017 computes it: a JSON array."""
    at = record.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    values = (record.seq, at, record.actor, record.action, record.contest)
    texts = [*(json.dumps(value, ensure_ascii=False) for value in values), record.details]
    return Link(record.seq, f"[{', '.join(texts)}]", record.hash)


def read_line(line: str) -> Link | None:
    """Parses a line of an export; None if it is not one."""
    found = _LINE.fullmatch(line.rstrip("\r\n"))
    return Link(int(found[3]), found[2], bytes.fromhex(found[1])) if found else None


def read_head(text: str) -> Head | None:
    """Parses a head, such as `125:9f86...`; None if it is not one."""
    found = _HEAD.fullmatch(text.strip())
    return Head(int(found[1]), bytes.fromhex(found[2])) if found else None


class ChainCheck:
    """Checks links in the order in which they are stored. `known`: hashes of records that were kept elsewhere."""

    def __init__(self, known: Mapping[int, bytes]) -> None:
        self._known = known
        self.head = GENESIS

    def add(self, link: Link) -> None:
        """Checks the next link. Raises AuditBroken, which names the first record tampered with."""
        due = self.head.seq + 1
        if link.seq > due:
            raise AuditBroken(f"record {due} is missing: the next one is {link.seq}", seq=due)
        if link.seq < due:
            raise AuditBroken(f"record {link.seq} is there twice: one of them was put in", seq=link.seq)
        if hashlib.sha256(self.head.hash + link.text.encode()).digest() != link.hash:
            raise AuditBroken(f"record {due} was edited, put in or moved, or one was taken out before it", seq=due)
        if self._known.get(due, link.hash) != link.hash:
            raise AuditBroken(f"record {due} or one before it was rewritten: its hash was another one", seq=due)
        self.head = Head(link.seq, link.hash)

    def end(self, head: Head) -> None:
        """Checks that the last link is the head as stored beside the log. Raises AuditBroken."""
        last = self.head
        if (noted := max(head.seq, *self._known, 0)) > last.seq:
            raise AuditBroken(
                f"record {last.seq + 1} is missing: the log ends before it, and had {noted}", seq=last.seq + 1
            )
        if head.seq < last.seq:
            raise AuditBroken(f"record {head.seq + 1} was put in: the log's head is {head.seq}", seq=head.seq + 1)
        if head.hash != last.hash:
            raise AuditBroken(f"the head of the log is not the hash of its last record, {last.seq}", seq=last.seq)
