"""Experts' marks: read from a table, checked, and made into one exact score for each entry and round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from voting.domain.entry import Entry
from voting.domain.sheet import Row, Sheet
from voting.domain.tables import Round
from voting.errors import Fault, FileInvalid, NotScorable


@dataclass(frozen=True, slots=True)
class Mark:
    """What one judge gave one entry for one criterion; an exact decimal."""

    judge: str
    entry: str
    criterion: str
    value: Fraction


def read_marks(sheet: Sheet, round_: Round, entries: Mapping[str, Entry], name: str = "marks") -> tuple[Mark, ...]:
    """The marks of a table with the columns judge, entry and one for each criterion. Raises FileInvalid.

    A judge marks an entry in one row, and every criterion of its category; the others' cells stay empty.
    """
    columns = [*dict.fromkeys(["judge", "entry", *(criterion.name for criterion in round_.criteria)])]
    faults = [*sheet.faults, *_header_faults(sheet, columns)]
    marks: dict[tuple[str, str], list[Mark]] = {}
    for row in sheet.rows if not faults else ():
        pair = row.cells["judge"], row.cells["entry"]
        found = list(_row_faults(row, round_, entries))
        if pair in marks:
            found.append(Fault(row.line, "entry", f"{pair[0]} has marked {pair[1]} already", "keep one of the rows"))
        faults += found
        if not found:
            rubric = round_.rubric(entries[row.cells["entry"]].category)
            marks[pair] = [Mark(*pair, each.name, Fraction(row.cells[each.name])) for each in rubric]
    if not marks and not faults:
        faults.append(Fault(0, "", "holds no marks", "write one row for each judge and entry below the header"))
    if faults:
        raise FileInvalid(name, tuple(faults))
    return tuple(mark for row in marks.values() for mark in row)


def read_metric(sheet: Sheet, of: str, holders: Collection[str], name: str = "figures") -> dict[str, int]:
    """The figures of a table with the columns `of` (entry or organisation) and value, whole numbers.

    Raises FileInvalid.
    """
    faults = [*sheet.faults, *_header_faults(sheet, [of, "value"])]
    values: dict[str, int] = {}
    for row in sheet.rows if not faults else ():
        holder, value = row.cells[of], row.cells["value"]
        if holder not in holders:
            mend = (
                "write its code" if of == "entry" else "write its name as the roster's column recommender first has it"
            )
            faults.append(Fault(row.line, of, f"{holder[:40]!r} is not an {of} of this contest", mend))
        elif holder in values:
            faults.append(Fault(row.line, of, f"{holder} stands twice", "keep one of the rows"))
        elif not (value.isascii() and value.isdecimal()) or len(value) > 18:
            faults.append(Fault(row.line, "value", f"{value[:40]!r} is not a whole number", "write it as 1234"))
        else:
            values[holder] = int(value)
    if faults:
        raise FileInvalid(name, tuple(faults))
    return values


def scores(round_: Round, marks: Iterable[Mark], entries: Mapping[str, Entry]) -> dict[str, Fraction]:
    """Each marked entry's mean of the judges' totals, as a share of the full mark, 0 to 1, exact.

    A total is the weighted sum of the criteria of the entry's category (document 004, annex 2, section 2: 科学性30%
    创新性30% …); of an entry's totals the highest and lowest are left out as the round says. Marks of withdrawn
    entries count for nothing. Raises NotScorable where a weight is not set.
    """
    weights = _weights(round_, {entry.category for entry in entries.values()})
    totals: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for mark in marks:
        if mark.entry not in entries:
            continue
        weight = weights.get((entries[mark.entry].category, mark.criterion))
        if weight is None:
            raise NotScorable(
                f"entry {mark.entry} was marked by other criteria in round {round_.id!r}: import it again"
            )
        totals[mark.entry][mark.judge] += weight * mark.value / round_.full
    return {entry: _trimmed_mean(round_, sorted(by_judge.values()), entry) for entry, by_judge in totals.items()}


def _weights(round_: Round, categories: Collection[str]) -> Mapping[tuple[str, str], Fraction]:
    """What a mark counts for, by category and criterion, 0 to 1."""
    marked = [criterion for criterion in round_.criteria if any(criterion.marks(each) for each in categories)]
    unset = [criterion.name for criterion in marked if criterion.weight is None]
    if unset:
        raise NotScorable(
            f"round {round_.id!r} has no weights for {', '.join(unset)}: the document gives none, the organiser must"
            " set them in the contest's file"
        )
    return {
        (category, criterion.name): Fraction(criterion.weight or 0, 100)
        for category in categories
        for criterion in round_.rubric(category)
    }


def _trimmed_mean(round_: Round, totals: list[Fraction], entry: str) -> Fraction:
    kept = totals[round_.drop_lowest : len(totals) - round_.drop_highest]
    if not kept:
        raise NotScorable(f"entry {entry} has {len(totals)} totals in round {round_.id!r}, too few to leave some out")
    return sum(kept, Fraction(0)) / len(kept)


def _header_faults(sheet: Sheet, columns: list[str]) -> Iterator[Fault]:
    line = sheet.header_line
    for column in columns:
        if column not in sheet.header:
            yield Fault(line, column, "the column is missing", f"begin the file with: {','.join(columns)}")
    for column in sheet.header:
        if column not in columns:
            near = get_close_matches(column, columns, 1, 0.4)
            mend = f"did you mean {near[0]!r}?" if near else f"known columns: {', '.join(columns)}"
            yield Fault(line, column or "(empty)", "is not a known column", mend)


def _row_faults(row: Row, round_: Round, entries: Mapping[str, Entry]) -> Iterator[Fault]:
    if not row.cells["judge"]:
        yield Fault(row.line, "judge", "is empty", "name the judge")
    entry = entries.get(row.cells["entry"])
    if entry is None:
        yield Fault(row.line, "entry", f"{row.cells['entry'][:40]!r} is not an entry of this round", "write its code")
    asked = {criterion.name for criterion in round_.rubric(entry.category)} if entry else set()
    for name in dict.fromkeys(criterion.name for criterion in round_.criteria):
        text = row.cells[name]
        if entry and text and name not in asked:
            what = f"is not marked for entries of category {entry.category!r}"
            yield Fault(row.line, name, what, "leave the cell empty")
        elif text or name in asked:
            yield from _mark_faults(name, text, round_.full, row.line)


def _mark_faults(column: str, text: str, full: int, line: int) -> Iterator[Fault]:
    if not text:
        yield Fault(line, column, "is missing", f"give a mark from 0 to {full}")
        return
    try:
        value = Fraction(text) if "/" not in text and "e" not in text.lower() else None
    except ValueError:
        value = None
    if value is None:
        yield Fault(line, column, f"{text[:40]!r} is not a number", "write it as 87 or 87.5")
    elif not 0 <= value <= full:
        yield Fault(line, column, f"{text[:40]} is out of range", f"give a mark from 0 to {full}")
