"""SHA-256 of a result's inputs besides the ballots: over one line of JSON a row, so that anybody can check it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from datetime import UTC

from voting.domain.contest.contest import Contest
from voting.domain.results.outcome import Figures


def document_sha256(document: str) -> str:
    """Hashes the contest's file as UTF-8; in hex."""
    return hashlib.sha256(document.encode()).hexdigest()


def lines_sha256(rows: Iterable[Sequence[object]]) -> str:
    """Hashes UTF-8 lines as Python's json.dumps writes them, without escapes, each with its line feed."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(json.dumps(row, ensure_ascii=False).encode() + b"\n")
    return digest.hexdigest()


def window_sha256(contest: Contest) -> str:
    """Hashes [first moment, first moment after] of the window in UTC as ISO 8601; an extension moves it past the
    file's.
    """
    return lines_sha256([[moment.astimezone(UTC).isoformat() for moment in (contest.opens_at, contest.closes_at)]])


def roster_sha256(figures: Figures) -> str:
    """Hashes [code, title, author, ...] of each entry in the roster's order, without withdrawn entries."""
    return lines_sha256(astuple(entry) for entry in figures.entries.values())


def marks_sha256(figures: Figures) -> str:
    """Hashes [round, judge, entry, criterion, mark], sorted; the mark is a fraction in lowest terms, such as 175/2."""
    return lines_sha256(
        sorted(
            [round_, mark.judge, mark.entry, mark.criterion, str(mark.value)]
            for round_, marks in figures.marks.items()
            for mark in marks
        )
    )


def metrics_sha256(figures: Figures) -> str:
    """Hashes [metric, entry or organisation, figure], sorted."""
    rows = ([metric, holder, value] for metric, values in figures.metrics.items() for holder, value in values.items())
    return lines_sha256(sorted(rows))


def revocations_sha256(figures: Figures) -> str:
    """Hashes [award, entry or organisation, reason], sorted."""
    return lines_sha256(sorted([award, holder, why] for (award, holder), why in figures.revoked.items()))
