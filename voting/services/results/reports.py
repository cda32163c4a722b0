"""Reports results: raw, held and counted picks, rank and exact public points of each entry, from one snapshot."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from voting.domain.contest.contest import Contest
from voting.domain.entry import Entry
from voting.domain.identity.tier import TIERS
from voting.domain.results.derivation import Derivation, derive
from voting.domain.results.inputs import document_sha256
from voting.domain.results.marks import uneven_panels
from voting.domain.results.outcome import Figures, Outcome, compute
from voting.domain.results.ranking import Given
from voting.domain.results.scoring import Tally, public_points, ranks, rounded
from voting.errors import EntryUnknown
from voting.postgres.database import Connection, Database
from voting.postgres.results.certifications import Certification
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.results.awards import AWARD_COLUMNS, Line, award_list
from voting.services.results.binding import Inputs, read_inputs

UNCERTIFIED = "uncertified"
_ENTRY = ("entry", "title", "author", "category", "raw", "held", "counted")
_TIERS = tuple(f"counted_{tier}" for tier in TIERS)
COLUMNS = (*_ENTRY, "rank", "public_points", *_TIERS)
BLENDED = (*_ENTRY, "public_rank", "public_points", "cuts_passed", "final", "place", "awards", *_TIERS)
# A spreadsheet would run a cell that begins with these as a formula (OWASP ASVS 5.0, 1.2.10).
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
    place: int | None = None
    """By the final score; `rank` is by counted picks alone."""
    awards: tuple[Given, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """The results of one contest at one moment."""

    contest: Contest
    as_of: datetime
    phase: str
    rows: tuple[Row, ...]
    document_sha256: str
    figures: Figures
    input_sha256: str
    """Of one JSON line for each entry, sorted by code: [code, raw, held, counted]."""
    certification: Certification | None = None
    changed: tuple[str, ...] = ()
    """Inputs that differ from the certified ones."""
    outcome: Outcome | None = None
    """With funnel, final scores and awards, if they were asked for."""
    awards: tuple[Line, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def blended(self) -> bool:
        """Whether the report has funnel, final scores and awards."""
        return self.outcome is not None

    @property
    def final(self) -> bool:
        """Whether this is the certified result with unchanged inputs."""
        return self.certification is not None and not self.changed


class Reports:
    """Makes reports."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def derivation(self, snapshot: ContestSnapshot, code: str) -> Derivation:
        """Returns how an entry's score follows from the figures. Raises EntryUnknown, NotScorable."""
        inputs = await self._inputs(snapshot)
        if code not in inputs.figures.entries:
            raise EntryUnknown(f"there is no entry {code[:64]!r} in this contest")
        contest = inputs.stored.contest
        return derive(contest, inputs.figures, compute(contest, inputs.figures), code)

    async def report(self, snapshot: ContestSnapshot, *, blended: bool = False) -> Report:
        """Returns the results now, from one snapshot of PostgreSQL, best first; the certified ones if there are any.

        `blended` adds funnel, final scores and awards; raises NotScorable, naming what is missing for them.
        """
        inputs = await self._inputs(snapshot)
        report = make_report(inputs, snapshot.phase())
        return blend(report, inputs) if blended else report

    async def _inputs(self, snapshot: ContestSnapshot) -> Inputs:
        async def work(tx: Connection) -> Inputs:
            await tx.execute("set transaction isolation level repeatable read, read only")
            return await read_inputs(tx, snapshot.contest.id)

        return await self._database.transact(work)


def make_report(inputs: Inputs, phase: str) -> Report:
    """Returns the report of a contest's entries and their tallies."""
    contest, entries = inputs.stored.contest, inputs.figures.entries
    every = {code: inputs.tally.get(code, Tally()) for code in entries}
    lines = [json.dumps([code, tally.raw, tally.held, tally.counted]) for code, tally in sorted(every.items())]
    counted = {code: tally.counted for code, tally in every.items()}
    rule = contest.public_points
    exact, places = public_points(counted, rule), ranks(counted)
    rows = [Row(entry, every[code], places[code], rounded(exact[code], rule.places)) for code, entry in entries.items()]
    rows.sort(key=lambda row: (row.rank, row.entry.code))
    return Report(
        contest=contest,
        as_of=inputs.stored.read_at,
        phase=phase,
        rows=tuple(rows),
        document_sha256=document_sha256(inputs.stored.document),
        figures=inputs.figures,
        input_sha256=hashlib.sha256("\n".join(lines).encode()).hexdigest(),
        certification=inputs.certification,
        changed=inputs.changed,
    )


def blend(report: Report, inputs: Inputs) -> Report:
    """Returns the report with the outcome: entries with a final score first, by score, then the others as before."""
    contest, figures = report.contest, inputs.figures
    outcome = compute(contest, figures)
    places = contest.blend.places if contest.blend else 0
    rows = [
        replace(
            row,
            public_points=_rounded(outcome.public.get(row.entry.code), contest.public_points.places),
            cuts_passed=outcome.reached[row.entry.code],
            final=_rounded(outcome.final.get(row.entry.code), places),
            place=_place(outcome.final, row.entry.code),
            awards=tuple(given for given in outcome.awards if given.holder == row.entry.code),
        )
        for row in report.rows
    ]
    rows.sort(key=lambda row: (-row.cuts_passed, -outcome.final.get(row.entry.code, Fraction(0)), row.rank))
    notes = [
        f"round {round_.id!r}: {note}"
        for round_ in contest.rounds
        for note in uneven_panels(figures.marks.get(round_.id, ()), figures.entries)
    ]
    return replace(
        report,
        rows=tuple(rows),
        outcome=outcome,
        awards=award_list(contest, outcome, figures.entries),
        notes=tuple(notes),
    )


def _place(final: Mapping[str, Fraction], code: str) -> int | None:
    """Returns one more than the number of entries with a better final score."""
    return 1 + sum(other > final[code] for other in final.values()) if code in final else None


def _rounded(value: Fraction | None, places: int) -> Decimal | None:
    return None if value is None else rounded(value, places)


def as_json(report: Report) -> dict[str, Any]:
    """Returns the report ready for JSON; points are strings, so that no reader turns them into floats."""
    entries = [dict(zip(columns_of(report), cells_of(row, report), strict=True)) for row in report.rows]
    awards = {"awards": [asdict(line) for line in report.awards]} if report.blended else {}
    return head_of(report) | {"entries": entries} | awards


def side_by_side(report: Report) -> dict[str, Any]:
    """Returns all tallies of every entry, by counted picks, ready for JSON."""
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
            "tiers": row.tally.by_tier,
        }
        for row in report.rows
    ]
    return {name: head_of(report)[name] for name in ("as_of", "phase", "final", "policy_version")} | {"entries": rows}


def head_of(report: Report) -> dict[str, Any]:
    """Returns what all lines have in common, ready for JSON."""
    rule, contest = report.contest.public_points, report.contest
    parts = contest.blend.parts if contest.blend and report.blended else ()
    stands = report.certification
    certified = stands and {
        "certification": stands.number,
        "certified_at": stands.certified_at.astimezone(contest.zone),
        "public_only": stands.public_only,
        "without_witnesses": stands.without_witnesses,
        "changed_since": list(report.changed),
        **asdict(stands.bound),
    }
    return {
        "contest": contest.id,
        "as_of": report.as_of.astimezone(contest.zone),
        "phase": report.phase,
        "final": report.final,
        "policy_version": stands.policy_version if stands else UNCERTIFIED,
        **(certified or {}),
        "normaliser": {
            "name": rule.normaliser,
            "points": rule.points,
            "scope": rule.scope if report.blended else "all",
            "places": rule.places,
            "rounding": "half_up",
        },
        "blend": [{"source": part.source, "points": part.points} for part in parts],
        "tiers_apart": list(contest.voters.apart),
        "document_sha256": report.document_sha256,
        "input_sha256": report.input_sha256,
        **({"notes": list(report.notes)} if report.blended else {}),
    }


def as_csv(report: Report) -> str:
    """Returns the entries; each line of a certified result repeats its inputs."""
    return _csv([columns_of(report), *(cells_of(row, report) for row in report.rows)], report)


def awards_as_csv(report: Report) -> str:
    """Returns the award list of a blended report."""
    return _csv([AWARD_COLUMNS, *(astuple(line) for line in report.awards)], report)


def _csv(rows: Sequence[Sequence[str | int]], report: Report) -> str:
    """Writes CSV with a byte order mark, so that Excel reads Chinese; a certified result's columns come last."""
    certified: dict[str, str | int] = {}
    if stands := report.certification:
        certified = {
            "result_final": str(report.final).lower(),
            "changed_since": " ".join(report.changed),
            "certification": stands.number,
            "public_only": str(stands.public_only).lower(),
            "without_witnesses": str(stands.without_witnesses).lower(),
            **{name: digest or "" for name, digest in asdict(stands.bound).items()},
        }
    table = [[*rows[0], *certified], *([*row, *certified.values()] for row in rows[1:])]
    out = io.StringIO()
    csv.writer(out).writerows(
        [f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell for cell in row] for row in table
    )
    return "\ufeff" + out.getvalue()


def columns_of(report: Report) -> tuple[str, ...]:
    """Returns the headings of the table of entries."""
    return BLENDED if report.blended else COLUMNS


def cells_of(row: Row, report: Report) -> tuple[str | int, ...]:
    """Returns one entry's line; points are text, exact to the last place, and empty if there are none."""
    names = {category.id: category.name for category in report.contest.categories}
    entry, tally = row.entry, row.tally
    head = (entry.code, entry.title, entry.author, names.get(entry.category, ""))
    cells = (*head, tally.raw, tally.held, tally.counted, row.rank, _text(row.public_points))
    tiers = tally.by_tier.values()
    if not report.blended:
        return (*cells, *tiers)
    place = "" if row.place is None else row.place
    award_names = {award.id: award.name for award in report.contest.awards}
    awards = "；".join(
        award_names[given.award] + (f"（{given.reason}）" if given.reason else "") for given in row.awards
    )
    return (*cells, row.cuts_passed, _text(row.final), place, awards, *tiers)


def _text(value: Decimal | None) -> str:
    return "" if value is None else f"{value:f}"
