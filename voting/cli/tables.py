"""An organiser's tables at the command line: read with progress, checked, their faults reported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import click

from voting.cli.session import tell
from voting.domain.contest import Contest
from voting.domain.entry import Entry
from voting.domain.roster import read_roster
from voting.domain.sheet import Sheet
from voting.errors import Fault, FileInvalid
from voting.services.roster_files import LARGEST, read_past_winners, read_sheet
from voting.services.roster_report import fault_workbook

_QUICK = 2_000


def load_sheet(file: Path) -> Sheet:
    """The table of a CSV or XLSX file. Raises FileInvalid."""
    return read_sheet(read_bytes(file), str(file), progress("read"))


def checked(
    file: Path, sheet: Sheet, contest: Contest, past_winners: Path | None, report: Path | None
) -> tuple[Entry, ...]:
    """The entries of `file`. Raises FileInvalid; before that the faults are written to `report`."""
    winners = _past_winners(contest, past_winners)
    try:
        return read_roster(sheet, contest, str(file), winners, progress("checked"))
    except FileInvalid as error:
        if report is not None:
            _write_report(report, fault_workbook(sheet, error.faults))
        raise


def read_bytes(file: Path) -> bytes:
    """The file's bytes, and of one that is too large no more than shows it. Raises FileInvalid."""
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        why = error.strerror or "cannot be read"
        raise FileInvalid(str(file), (Fault(0, "", why.lower(), "give an existing file"),)) from None


def _past_winners(contest: Contest, file: Path | None) -> frozenset[str]:
    column = contest.past_winners
    if file is None:
        if column:
            tell(f"past winners are not looked for: give their list with --past-winners (column {column!r})")
        return frozenset()
    if not column:
        what = f"the contest {contest.id!r} does not exclude past winners"
        mend = "name the column in its file: past_winners = ..., or leave --past-winners out"
        raise FileInvalid(str(file), (Fault(0, "", what, mend),))
    return read_past_winners(read_bytes(file), column, str(file))


def _write_report(report: Path, body: bytes) -> None:
    try:
        report.write_bytes(body)
    except OSError as error:
        tell(f"{report} cannot be written: {error.strerror}")
    else:
        tell(f"the faults are marked in {report}")


def progress(verb: str) -> Callable[[int], None]:
    """Says on a terminal how many rows are done, where there are many."""
    shown = sys.stderr.isatty()

    def tick(rows: int) -> None:
        if shown and rows >= _QUICK and rows % 1000 == 0:
            click.echo(f"\r{rows} rows {verb}\x1b[K\r", err=True, nl=False)

    return tick
