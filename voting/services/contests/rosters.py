"""What an organiser's table would do to a contest's entries, before it is imported."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from voting.domain.contest.contest import Contest
from voting.domain.entry import Entry
from voting.domain.roster.change import RosterChange, roster_change
from voting.domain.roster.duplicates import similar_entries
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import Sheet
from voting.errors import Fault, FileInvalid
from voting.spreadsheets import read_sheet
from voting.spreadsheets.fault_report import fault_workbook

NAME = "roster"


@dataclass(frozen=True, slots=True)
class RosterReport:
    """A table as it was read. `entries` are those of its rows without faults, none if the table itself has one."""

    sheet: Sheet
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    """On how the table was read, and on entries and authors that look alike."""

    @property
    def faulty_rows(self) -> int:
        """How many rows have faults."""
        return len({fault.line for fault in self.faults} & {row.line for row in self.sheet.rows})

    def workbook(self, say: Callable[[str], str]) -> bytes:
        """Returns the table as a workbook, with its faulty cells marked and explained in the language of `say`."""
        return fault_workbook(self.sheet, self.faults, say)

    def change(self, before: Sequence[Entry], withdrawn: Collection[str]) -> RosterChange:
        """Returns what the import of its entries would change; a table brings no covers."""
        known = {entry.code: entry for entry in before}
        return roster_change(known, keep_covers(self.entries, known), withdrawn, replacing=False)


def keep_covers(entries: Sequence[Entry], known: Mapping[str, Entry]) -> list[Entry]:
    """Returns the entries with the covers that they have in the contest, in place of the names of files."""
    return [replace(each, cover=known[each.code].cover if each.code in known else "") for each in entries]


def read_report(body: bytes, contest: Contest, stored: Sequence[Entry]) -> RosterReport:
    """Returns what is in a table and wrong with it. `stored`: the contest's entries. Takes seconds for a large one.

    Raises FileInvalid for a file that is no table.
    """
    sheet = read_sheet(body, NAME)
    entries, faults = _read(sheet, contest, stored)
    if faults and all(fault.line > sheet.header_line for fault in faults):
        lines = {fault.line for fault in faults}
        rest = replace(sheet, rows=tuple(row for row in sheet.rows if row.line not in lines), faults=())
        # A rest that has faults, such as a quota that its rows exceed together, is not importable in parts.
        entries, _ = _read(rest, contest, stored) if rest.rows else ((), ())
    codes = {entry.code for entry in entries}
    alike = similar_entries([*(each for each in stored if each.code not in codes), *entries])
    return RosterReport(sheet, entries, faults, (*sheet.notes, *alike))


def _read(sheet: Sheet, contest: Contest, stored: Sequence[Entry]) -> tuple[tuple[Entry, ...], tuple[Fault, ...]]:
    try:
        return read_roster(sheet, contest, NAME, stored=stored), ()
    except FileInvalid as error:
        return (), error.faults
