"""Reads and checks experts' marks, and computes one exact score for each entry and round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice

from voting.domain.contest.schema import Round
from voting.domain.entry import Entry
from voting.domain.names import Known, one_apart, shown
from voting.domain.roster.columns import Columns, check
from voting.domain.roster.sheet import Row, Sheet
from voting.domain.units import number, thousands
from voting.errors import Fault, NotScorable, say

MARK_PLACES = 4
"""Decimals of a mean of marks where it is a score."""
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class Mark:
    """One judge's mark for one criterion of one entry; an exact decimal."""

    judge: str
    entry: str
    criterion: str
    value: Fraction


def read_marks(sheet: Sheet, round_: Round, entries: Mapping[str, Entry], name: str = "marks") -> tuple[Mark, ...]:
    """Returns the marks of a table with the columns judge, entry and one for each criterion. Raises FileInvalid.

    A judge marks an entry in one row, with every criterion of its category; the other cells stay empty.
    """
    criteria = tuple(dict.fromkeys(criterion.name for criterion in round_.criteria))
    columns = ("judge", "entry", *criteria)
    of = Columns(columns, columns, "marks", filled=("judge", "entry"), names=("judge",), numbers=criteria)
    table = check(sheet, of, name)
    codes = Known(entries, say("write its code"))
    marks: dict[tuple[str, str], list[Mark]] = {}
    for row in table.rows:
        judge, entry = row.cells["judge"], row.cells["entry"]
        faults = [*_row_faults(row, round_, entries, codes)]
        if (judge, entry) in marks:
            faults.append(
                Fault(row.line, "entry", say("{} has marked {} already", judge, entry), say("keep one of the rows"))
            )
        table.faults += faults
        if entry in entries and not faults:
            asked = [criterion.name for criterion in round_.rubric(entries[entry].category)]
            values = [(name, number(row.cells[name])) for name in asked]
            marks[judge, entry] = [Mark(judge, entry, name, value) for name, value in values if value is not None]
    table.settle()
    return tuple(mark for row in marks.values() for mark in row)


def read_metric(sheet: Sheet, of: str, holders: Collection[str], name: str = "figures") -> dict[str, int]:
    """Returns the figures of a table with the columns `of` (entry or organisation) and value, as whole numbers.

    Raises FileInvalid.
    """
    columns = Columns((of, "value"), (of, "value"), "figures", filled=(of, "value"), numbers=("value",))
    table = check(sheet, columns, name)
    mend = (
        say("write its code")
        if of == "entry"
        else say("write its name as the roster's column recommender first has it")
    )
    known = Known(holders, mend)
    values: dict[str, int] = {}
    for row in table.rows:
        holder, text = row.cells[of], row.cells["value"]
        value = number(text)
        if holder and holder not in holders:
            what = say("{} is not an {} of this contest", shown(holder), of)
            table.faults.append(Fault(row.line, of, what, known.mend(holder)))
        elif holder in values:
            table.faults.append(Fault(row.line, of, say("{} stands twice", holder), say("keep one of the rows")))
        elif text and (fault := _figure_fault(text, value, row.line)):
            table.faults.append(fault)
        elif value is not None:
            values[holder] = int(value)
    table.settle()
    return values


def uneven_panels(marks: Iterable[Mark], entries: Mapping[str, Entry]) -> Iterator[str]:
    """Yields a sentence for each category in which some entries lack judges that others have, or panels differ in size.

    A mean of few marks counts as much as one of many.
    """
    panels: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for mark in marks:
        if mark.entry in entries:
            panels[entries[mark.entry].category][mark.entry].add(mark.judge)
    for category, panel in panels.items():
        every = set().union(*panel.values())
        lacking = [(entry, sorted(every - judges)) for entry, judges in panel.items() if judges != every]
        if lacking:
            first = lacking[:_MOST_NAMED]
            named = "; ".join(f"{entry}: {', '.join(judges[:_MOST_NAMED])}" for entry, judges in first)
            more = say("; and {} more entries", len(lacking) - _MOST_NAMED) if len(lacking) > _MOST_NAMED else ""
            where = say("category {}", repr(category)) if category else say("the round")
            yield (
                say(
                    "not all entries of {} have marks of the same judges; means of fewer count as much. Lacking: {}{}",
                    where,
                    named,
                    more,
                )
            )
    sizes = {category: len(set().union(*panel.values())) for category, panel in panels.items()}
    if len(set(sizes.values())) > 1:
        listed = ", ".join(f"{category!r} {size}" for category, size in sizes.items())
        yield say("the categories have panels of different sizes, and means of fewer judges count as much: {}", listed)


def similar_judges(marks: Iterable[Mark]) -> Iterator[str]:
    """Yields a sentence for each two judges whose names differ in one character: they may be one person."""
    for name, other in islice(one_apart(mark.judge for mark in marks), _MOST_NAMED):
        yield (
            say(
                "the judges {} and {} differ in one character; if they are one person, write the name in the same way",
                shown(name),
                shown(other),
            )
        )


def unlikely_marks(round_: Round, marks: Sequence[Mark], entries: Mapping[str, Entry]) -> Iterator[str]:
    """Yields a sentence for marks that seem to be on another scale, or missing: 0 for a judge who was absent."""
    rows: dict[tuple[str, str], list[Fraction]] = defaultdict(list)
    for mark in marks:
        rows[mark.judge, mark.entry].append(mark.value)
    if zeros := [f"{judge} {entry}" for (judge, entry), values in rows.items() if not any(values)]:
        listed = ", ".join(zeros[:_MOST_NAMED])
        yield say(
            "{} rows are 0 in every criterion ({}); leave out the row of a judge who gave no mark", len(zeros), listed
        )
    highest: dict[str, Fraction] = defaultdict(Fraction)
    for (judge, _entry), values in rows.items():
        highest[judge] = max(highest[judge], *values)
    if low := [shown(judge) for judge, value in highest.items() if 0 < value * 10 <= round_.full]:
        listed = ", ".join(low[:_MOST_NAMED])
        yield say("no mark of {} is above {}, but marks are from 0 to {}", listed, round_.full // 10, round_.full)
    elif _are_weighted(round_, marks, entries):
        yield say("no mark is above its criterion's weight, but every criterion is marked from 0 to {}", round_.full)


def _are_weighted(round_: Round, marks: Iterable[Mark], entries: Mapping[str, Entry]) -> bool:
    """Whether no mark is above its criterion's weight, as if judges gave 科学性 up to 30 and 创新性 up to 70."""
    weights = {
        (category, criterion.name): criterion.weight or 0
        for category in {entry.category for entry in entries.values()}
        for criterion in round_.rubric(category)
    }
    pairs = [(mark.value, weights[entries[mark.entry].category, mark.criterion]) for mark in marks]
    return all(0 < weight < 100 and value * 100 <= weight * round_.full for value, weight in pairs)


def totals(round_: Round, marks: Iterable[Mark], entries: Mapping[str, Entry]) -> Mapping[str, Mapping[str, Fraction]]:
    """Returns the judges' totals of each marked entry, by judge, as exact shares of the full mark, 0 to 1.

    A total is the weighted sum of the criteria of the entry's category (document 004, annex 2, section 2: 科学性30%
    创新性30% …). Marks of withdrawn entries are ignored. Raises NotScorable if a weight is not set.
    """
    weights = _weights(round_, {entry.category for entry in entries.values()})
    found: dict[str, dict[str, Fraction]] = defaultdict(lambda: defaultdict(Fraction))
    for mark in marks:
        if mark.entry not in entries:
            continue
        weight = weights.get((entries[mark.entry].category, mark.criterion))
        if weight is None:
            raise NotScorable(
                f"entry {mark.entry} was marked by other criteria in round {round_.id!r}: import it again"
            )
        found[mark.entry][mark.judge] += weight * mark.value / round_.full
    return found


def scores(round_: Round, marks: Iterable[Mark], entries: Mapping[str, Entry]) -> dict[str, Fraction]:
    """Returns each marked entry's mean of the judges' totals as an exact share of the full mark, 0 to 1.

    The highest and lowest totals of an entry are dropped if the round says so. Raises NotScorable.
    """
    means: dict[str, Fraction] = {}
    for entry, by_judge in totals(round_, marks, entries).items():
        ordered = sorted(by_judge.values())
        trimmed = ordered[round_.drop_lowest : len(ordered) - round_.drop_highest]
        if not trimmed:
            raise NotScorable(
                f"entry {entry} has {len(ordered)} totals in round {round_.id!r}, too few to leave some out"
            )
        means[entry] = sum(trimmed, Fraction(0)) / len(trimmed)
    return means


def _weights(round_: Round, categories: Collection[str]) -> Mapping[tuple[str, str], Fraction]:
    """Returns the weight of a mark, 0 to 1, by category and criterion."""
    marked = [criterion for criterion in round_.criteria if any(criterion.marks(category) for category in categories)]
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


def _row_faults(row: Row, round_: Round, entries: Mapping[str, Entry], codes: Known) -> Iterator[Fault]:
    code = row.cells["entry"]
    entry = entries.get(code)
    if code and entry is None:
        yield Fault(row.line, "entry", say("{} is not an entry of this round", shown(code)), codes.mend(code))
    asked = {criterion.name for criterion in round_.rubric(entry.category)} if entry else set()
    for name in dict.fromkeys(criterion.name for criterion in round_.criteria):
        text = row.cells[name]
        if entry and text and name not in asked:
            what = say("is not marked for entries of category {}", repr(entry.category))
            yield Fault(row.line, name, what, say("leave the cell empty"))
        elif text or name in asked:
            yield from _mark_faults(name, text, round_.full, row.line)


def _figure_fault(text: str, value: Fraction | None, line: int) -> Fault | None:
    grouped = thousands(text)
    if value is not None and grouped is not None:
        # 12.000 means twelve in Chinese and English, and twelve thousand in German and many other languages.
        what = say("{} can be read as {} or as {}", shown(text), grouped, format(float(value), "g"))
        return Fault(line, "value", what, say("write it as a whole number, without a point"))
    if value is None or value < 0 or value.denominator > 1:
        return Fault(
            line, "value", say("{} is not a whole number", shown(text)), say("write it as {}", grouped or 1234)
        )
    return None


def _mark_faults(column: str, text: str, full: int, line: int) -> Iterator[Fault]:
    value = number(text)
    if not text:
        yield Fault(
            line,
            column,
            say("is missing"),
            say("give a mark from 0 to {}, or leave out the row of a judge who gave none", full),
        )
    elif value is None:
        yield Fault(line, column, say("{} is not a number", shown(text)), say("write it as 87 or 87.5"))
    elif not 0 <= value <= full:
        yield Fault(line, column, say("{} is out of range", shown(text)), say("give a mark from 0 to {}", full))
    elif (grouped := thousands(text)) is not None and grouped <= full:
        what = say("{} can be read as {} or as {}", shown(text), grouped, format(float(value), "g"))
        yield Fault(line, column, what, say("write it as 87 or 87.5"))
