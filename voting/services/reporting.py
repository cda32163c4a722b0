"""Reports results: per entry raw, held and counted picks, rank and exact public points, from one snapshot."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import xlsxwriter

from voting.domain.contest import Contest
from voting.domain.entry import Entry
from voting.domain.scoring import Tally, public_points, ranks
from voting.postgres import tallies
from voting.postgres.database import Database
from voting.services.catalogue import Listing

POLICY_VERSION = "uncertified"
COLUMNS = ("entry", "title", "author", "category", "raw", "held", "counted", "rank", "public_points")
# A cell that begins so would be run as a formula by a spreadsheet (OWASP ASVS 5.0, 1.2.10).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry's result."""

    entry: Entry
    tally: Tally
    rank: int
    public_points: Decimal


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one contest at one moment."""

    contest: Contest
    as_of: datetime
    phase: str
    rows: tuple[Row, ...]
    document_sha256: str
    input_sha256: str


class Reporting:
    """Makes reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, listing: Listing) -> Report:
        """The results now, from PostgreSQL, best first."""
        async with self._database.connection() as connection:
            found = await tallies.select(connection, listing.contest.id)
        return make_report(listing, found)


def make_report(listing: Listing, found: Mapping[str, Tally]) -> Report:
    """The report of a listing's entries and their tallies."""
    every = {code: found.get(code, Tally()) for code in listing.entries}
    counted = {code: tally.counted for code, tally in every.items()}
    points, places = public_points(counted, listing.contest.public_points), ranks(counted)
    rows = [Row(entry, every[code], places[code], points[code]) for code, entry in listing.entries.items()]
    rows.sort(key=lambda row: (row.rank, row.entry.code))
    document = hashlib.sha256(listing.document.encode()).hexdigest()
    return Report(listing.contest, listing.now(), listing.phase(), tuple(rows), document, _input_hash(every))


def as_json(report: Report) -> dict[str, Any]:
    """Ready for JSON; points are strings, so that no reader makes floats of them."""
    rule, contest = report.contest.public_points, report.contest
    return {
        "contest": contest.id,
        "as_of": report.as_of.astimezone(contest.zone),
        "phase": report.phase,
        "final": False,
        "policy_version": POLICY_VERSION,
        "normaliser": {
            "name": rule.normaliser,
            "points": rule.points,
            "scope": "all",
            "places": rule.places,
            "rounding": "half_up",
        },
        "document_sha256": report.document_sha256,
        "input_sha256": report.input_sha256,
        "entries": [dict(zip(COLUMNS, _cells(row, report.contest), strict=True)) for row in report.rows],
    }


def as_csv(report: Report) -> str:
    """With a byte order mark, so that Excel reads Chinese."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in report.rows:
        writer.writerow([_harmless(cell) for cell in _cells(row, report.contest)])
    return "\ufeff" + out.getvalue()


def as_xlsx(report: Report) -> bytes:
    """A workbook; points are text, exact to the last place."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("results")
        for number, cells in enumerate([COLUMNS, *(_cells(row, report.contest) for row in report.rows)]):
            for column, cell in enumerate(cells):
                if isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                else:
                    sheet.write_string(number, column, cell)
        sheet.freeze_panes(1, 0)
        sheet.set_column(1, 3, 28)
        for number, line in enumerate(_head_lines(report)):
            book.get_worksheet_by_name("results").write_string(number, len(COLUMNS) + 1, line)
    return out.getvalue()


def _cells(row: Row, contest: Contest) -> tuple[str | int, ...]:
    names = {category.id: category.name for category in contest.categories}
    entry, tally = row.entry, row.tally
    head = (entry.code, entry.title, entry.author, names[entry.category])
    return (*head, tally.raw, tally.held, tally.counted, row.rank, f"{row.public_points:f}")


def _head_lines(report: Report) -> tuple[str, ...]:
    content = {name: value for name, value in as_json(report).items() if name != "entries"}
    return tuple(f"{name}: {value}" for name, value in content.items())


def _harmless(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _input_hash(every: Mapping[str, Tally]) -> str:
    """SHA-256 over one JSON line an entry, sorted by code: [code, raw, held, counted]."""
    lines = [json.dumps([code, tally.raw, tally.held, tally.counted]) for code, tally in sorted(every.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
