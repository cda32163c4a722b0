"""Reports results: per entry raw, held and counted picks, rank and exact public points, from one snapshot."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from voting.domain.contest import Contest
from voting.domain.entry import Entry
from voting.domain.outcome import Outcome
from voting.domain.ranking import Given
from voting.domain.scoring import Tally, public_points, ranks, rounded
from voting.postgres import certifications, tallies
from voting.postgres.certifications import Certification
from voting.postgres.database import Connection, Database
from voting.services.award_list import AWARD_COLUMNS, Line, award_list
from voting.services.catalogue import Listing

UNCERTIFIED = "uncertified"
BLENDED = ("cuts_passed", "final", "awards")
COLUMNS = ("entry", "title", "author", "category", "raw", "held", "counted", "rank", "public_points")
# A cell that begins so would be run as a formula by a spreadsheet (OWASP ASVS 5.0, 1.2.10).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Row:
    """One entry's result."""

    entry: Entry
    tally: Tally
    rank: int
    public_points: Decimal | None
    """None for an entry outside the scope of the normaliser."""
    cuts_passed: int = 0
    final: Decimal | None = None
    awards: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one contest at one moment."""

    contest: Contest
    as_of: datetime
    phase: str
    rows: tuple[Row, ...]
    document_sha256: str
    input_sha256: str
    certification: Certification | None = None
    blended: bool = False
    awards: tuple[Line, ...] = ()


class Reporting:
    """Makes reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def report(self, listing: Listing) -> Report:
        """The results now, from PostgreSQL, best first; the certified ones where the contest is certified."""

        async def work(tx: Connection) -> tuple[Certification | None, Mapping[str, Tally]]:
            await tx.execute("set transaction isolation level repeatable read, read only")
            stands = await certifications.select(tx, listing.contest.id)
            return stands, stands.tallies if stands else await tallies.select(tx, listing.contest.id)

        stands, found = await self._database.transact(work)
        return replace(make_report(listing, found), certification=stands)


def make_report(listing: Listing, found: Mapping[str, Tally]) -> Report:
    """The report of a listing's entries and their tallies."""
    every = {code: found.get(code, Tally()) for code in listing.entries}
    counted = {code: tally.counted for code, tally in every.items()}
    rule = listing.contest.public_points
    exact, places = public_points(counted, rule), ranks(counted)
    rows = [
        Row(entry, every[code], places[code], rounded(exact[code], rule.places))
        for code, entry in listing.entries.items()
    ]
    rows.sort(key=lambda row: (row.rank, row.entry.code))
    document = hashlib.sha256(listing.document.encode()).hexdigest()
    return Report(listing.contest, listing.now(), listing.phase(), tuple(rows), document, _input_hash(every))


def blend(report: Report, outcome: Outcome) -> Report:
    """The report with the outcome: those with the best final score first, then the others as before."""
    places = report.contest.blend.places if report.contest.blend else 0
    rows = [
        replace(
            row,
            public_points=_rounded(outcome.public.get(row.entry.code), report.contest.public_points.places),
            cuts_passed=outcome.reached[row.entry.code],
            final=_rounded(outcome.final.get(row.entry.code), places),
            awards=tuple(given for given in outcome.awards if given.holder == row.entry.code),
        )
        for row in report.rows
    ]
    rows.sort(key=lambda row: (-row.cuts_passed, -outcome.final.get(row.entry.code, Fraction(0)), row.rank))
    entries = {row.entry.code: row.entry for row in rows}
    return replace(report, rows=tuple(rows), blended=True, awards=award_list(report.contest, outcome, entries))


def _rounded(value: Fraction | None, places: int) -> Decimal | None:
    return None if value is None else rounded(value, places)


def as_json(report: Report) -> dict[str, Any]:
    """Ready for JSON; points are strings, so that no reader makes floats of them."""
    entries = [dict(zip(_columns(report), _cells(row, report), strict=True)) for row in report.rows]
    awards = {"awards": [asdict(line) for line in report.awards]} if report.blended else {}
    return _head(report) | {"entries": entries} | awards


def side_by_side(report: Report) -> dict[str, Any]:
    """All tallies of every entry, the first by counted picks first, ready for JSON."""
    raw_places = ranks({row.entry.code: row.tally.raw for row in report.rows})
    rows = [
        {
            "entry": row.entry.code,
            "raw": row.tally.raw,
            "held": row.tally.held,
            "void": row.tally.raw - row.tally.held - row.tally.counted,
            "counted": row.tally.counted,
            "raw_rank": raw_places[row.entry.code],
            "rank": row.rank,
        }
        for row in report.rows
    ]
    return {name: _head(report)[name] for name in ("as_of", "phase", "final", "policy_version")} | {"entries": rows}


def _head(report: Report) -> dict[str, Any]:
    rule, contest = report.contest.public_points, report.contest
    parts = contest.blend.parts if contest.blend and report.blended else ()
    stands = report.certification
    return {
        "contest": contest.id,
        "as_of": report.as_of.astimezone(contest.zone),
        "phase": report.phase,
        "final": stands is not None,
        "policy_version": stands.policy_version if stands else UNCERTIFIED,
        **(_certified(stands, contest) if stands else {}),
        "normaliser": {
            "name": rule.normaliser,
            "points": rule.points,
            "scope": rule.scope if report.blended else "all",
            "places": rule.places,
            "rounding": "half_up",
        },
        "blend": [{"source": part.source, "points": part.points} for part in parts],
        "document_sha256": report.document_sha256,
        "input_sha256": report.input_sha256,
    }


def _certified(stands: Certification, contest: Contest) -> dict[str, Any]:
    return {
        "policy_sha256": stands.policy_sha256,
        "ballots_sha256": stands.ballots_sha256,
        "certification": stands.number,
        "certified_at": stands.certified_at.astimezone(contest.zone),
    }


def as_csv(report: Report) -> str:
    """The entries."""
    return _csv([_columns(report), *(_cells(row, report) for row in report.rows)])


def awards_as_csv(report: Report) -> str:
    """The award list of a blended report."""
    return _csv([AWARD_COLUMNS, *(astuple(line) for line in report.awards)])


def _csv(rows: Iterable[Sequence[str | int]]) -> str:
    """With a byte order mark, so that Excel reads Chinese."""
    out = io.StringIO()
    csv.writer(out).writerows([_harmless(cell) for cell in row] for row in rows)
    return "\ufeff" + out.getvalue()


def as_xlsx(report: Report) -> bytes:
    """A workbook; points are text, exact to the last place."""
    # A worker process that nobody asks for one starts sooner without it.
    import xlsxwriter

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = _write(book, "results", [_columns(report), *(_cells(row, report) for row in report.rows)])
        for number, line in enumerate(_head_lines(report)):
            sheet.write_string(number, len(_columns(report)) + 1, line)
        if report.blended:
            _write(book, "awards", [AWARD_COLUMNS, *(astuple(line) for line in report.awards)])
    return out.getvalue()


def _write(book: Any, name: str, rows: Iterable[Sequence[str | int]]) -> Any:
    sheet = book.add_worksheet(name)
    for number, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            if isinstance(cell, int):
                sheet.write_number(number, column, cell)
            else:
                sheet.write_string(number, column, cell)
    sheet.freeze_panes(1, 0)
    sheet.set_column(1, 3, 28)
    return sheet


def _columns(report: Report) -> tuple[str, ...]:
    return (*COLUMNS, *BLENDED) if report.blended else COLUMNS


def _cells(row: Row, report: Report) -> tuple[str | int, ...]:
    names = {category.id: category.name for category in report.contest.categories}
    entry, tally = row.entry, row.tally
    head = (entry.code, entry.title, entry.author, names.get(entry.category, ""))
    cells = (*head, tally.raw, tally.held, tally.counted, row.rank, _text(row.public_points))
    if not report.blended:
        return cells
    return (*cells, row.cuts_passed, _text(row.final), _awards(row, report.contest))


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"


def _awards(row: Row, contest: Contest) -> str:
    """The awards' names, each with its reason where it has one."""
    names = {award.id: award.name for award in contest.awards}
    return "；".join(names[given.award] + (f"（{given.reason}）" if given.reason else "") for given in row.awards)


def _head_lines(report: Report) -> tuple[str, ...]:
    return tuple(f"{name}: {value}" for name, value in _head(report).items())


def _harmless(cell: str | int) -> str | int:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _input_hash(every: Mapping[str, Tally]) -> str:
    """SHA-256 over one JSON line an entry, sorted by code: [code, raw, held, counted]."""
    lines = [json.dumps([code, tally.raw, tally.held, tally.counted]) for code, tally in sorted(every.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
