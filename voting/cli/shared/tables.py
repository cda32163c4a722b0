"""Reads and checks an organiser's tables for the commands, with progress and fault reports."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from voting.cli.shared.session import tell
from voting.domain.contest.contest import Contest
from voting.domain.entry import Entry
from voting.domain.roster.duplicates import read_past_winners, similar_entries
from voting.domain.roster.media import MediaFiles, media_names
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import Sheet
from voting.errors import Fault, FileInvalid
from voting.media.reader import read_media
from voting.spreadsheets import LARGEST, read_sheet
from voting.spreadsheets.fault_report import fault_workbook

_QUICK = 2_000
_QUICK_FILES = 20


@dataclass(frozen=True, slots=True)
class Beside:
    """Inputs of a roster check: past winners, media folder; and the workbook for its faults."""

    past_winners: Path | None = None
    media: Path | None = None
    report: Path | None = None


def load_sheet(file: Path) -> Sheet:
    """The table of a CSV or XLSX file; prints how it was read. Raises FileInvalid."""
    sheet = read_sheet(read_bytes(file), str(file), progress("rows read"))
    for note in sheet.notes:
        notice(file)(note)
    return sheet


def notice(file: Path) -> Callable[[str], None]:
    """A function that prints a warning about a file."""
    return lambda note: tell(f"{file}: warning: {note}")


def checked(
    file: Path, sheet: Sheet, contest: Contest, beside: Beside, stored: Sequence[Entry] = ()
) -> tuple[Entry, ...]:
    """The entries of `file`, to be added to those `stored`. Raises FileInvalid after writing the faults to the report.

    Prints a warning for authors and entries that look the same.
    """
    winners = _past_winners(contest, beside.past_winners)
    media = _media(sheet, contest, beside.media)
    try:
        entries = read_roster(sheet, contest, str(file), winners, progress("rows checked"), media, stored)
    except FileInvalid as error:
        if beside.report is not None:
            _write_report(beside.report, fault_workbook(sheet, error.faults))
        raise
    codes = {entry.code for entry in entries}
    for note in similar_entries([*(entry for entry in stored if entry.code not in codes), *entries]):
        notice(file)(note)
    return entries


def read_bytes(file: Path) -> bytes:
    """The file's bytes, at most one more than the limit. Raises FileInvalid."""
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
    return read_past_winners(load_sheet(file), column, str(file))


def _media(sheet: Sheet, contest: Contest, folder: Path | None) -> MediaFiles | None:
    column = contest.media
    if folder is None:
        if column and column in sheet.header:
            tell(f"media files are not read: give their folder with --media (column {column!r})")
        return None
    if not column:
        what = f"the contest {contest.id!r} does not say which column names the media files"
        mend = "name the column in its file: media = ..., or leave --media out"
        raise FileInvalid(str(folder), (Fault(0, "", what, mend),))
    return read_media(folder, media_names(sheet, contest), progress("files read", _QUICK_FILES, 10))


def _write_report(report: Path, body: bytes) -> None:
    try:
        report.write_bytes(body)
    except OSError as error:
        tell(f"{report} cannot be written: {error.strerror}")
    else:
        tell(f"the faults are marked in {report}")


def progress(done: str, quick: int = _QUICK, step: int = 1000) -> Callable[[int], None]:
    """A function that prints a running count on a terminal, from `quick` on, every `step`."""
    shown = sys.stderr.isatty()

    def tick(number: int) -> None:
        if shown and number >= quick and number % step == 0:
            click.echo(f"\r{number} {done}\x1b[K\r", err=True, nl=False)

    return tick
