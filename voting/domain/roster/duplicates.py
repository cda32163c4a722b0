"""Limits on repeats in a roster: codes, a contest's [[unique]] columns, and past winners."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Unique
from voting.domain.entry import Entry
from voting.domain.names import TELL_APART, alike, difference, near_equal, shown
from voting.domain.roster.columns import Columns, check
from voting.domain.roster.row import Candidate
from voting.domain.roster.sheet import Sheet
from voting.errors import Fault, FileInvalid, say

_MOST_NAMED = 20
# Spreadsheets drop the zeros at the beginning of a number.
_ZEROS = re.compile(r"(?<![0-9])0+(?=[0-9])")


def read_past_winners(sheet: Sheet, column: str, name: str) -> frozenset[str]:
    """Returns the texts below the heading `column`; every text if the list has no headings. Raises FileInvalid."""
    headed = any(alike(cell) == alike(column) for _, cells in sheet.top for cell in cells)
    if not headed and len(sheet.header) < 2 and not any(row.extra for row in sheet.rows):
        if sheet.faults:
            raise FileInvalid(name, sheet.faults)
        return frozenset([*sheet.header, *(text for row in sheet.rows for text in row.cells.values())])
    # Ignore the other columns of a list.
    others = [heading for heading in sheet.header if alike(heading) != alike(column)] if headed else []
    table = check(sheet, Columns((column,), (column, *others), "past winners", names=(column,)), name)
    table.settle()
    return frozenset(row.cells[column] for row in table.rows if row.cells[column])


def repeat_faults(contest: Contest, candidates: Sequence[Candidate], past_winners: Collection[str]) -> Iterator[Fault]:
    """Yields a fault for each row beyond what is allowed. `past_winners` are texts as a list has them."""
    for code, group in _grouped(candidates, lambda each: each.cells.get("code", "")).items():
        for candidate in group[1:]:
            what = say("{} stands twice, first on line {}", shown(code), group[0].line)
            yield Fault(candidate.line, "code", what, say("give each entry its own code"))
    for rule in contest.uniques:
        yield from _unique_faults(rule, candidates)
    if contest.past_winners:
        yield from _winner_faults(contest.past_winners, candidates, {alike(text): text for text in past_winners})


def stored_faults(candidates: Sequence[Candidate], stored: Iterable[Entry]) -> Iterator[Fault]:
    """Yields a fault for each code and recommender that is nearly one which the contest has already.

    `stored` are the contest's entries; the file updates those that it contains, too.
    """
    codes = {candidate.cells.get("code") for candidate in candidates}
    others = [entry for entry in stored if entry.code not in codes]
    for column in ("code", "recommender"):
        names = {name: None for entry in others if (name := getattr(entry, column))}
        spellings = {alike(name): name for name in names}
        for candidate in candidates:
            text = candidate.cells.get(column, "")
            name = spellings.get(alike(text))
            if name is not None and text not in names:
                differ = difference(text, name)
                what = say(
                    "{} is nearly {}, which the contest has already: they differ {}", shown(text), shown(name), differ
                )
                yield Fault(candidate.line, column, what, TELL_APART)


def similar_entries(entries: Sequence[Entry]) -> Iterator[str]:
    """Yields a sentence for each author whose name is nearly another's, and each entry that may be listed twice."""
    notes = [
        say(
            "the author {} of {} is nearly {} of {}: they differ {}; if they are one person, write both in the"
            " same way",
            *(shown(author), code, shown(similar), before, difference(author, similar)),
        )
        for code, author, before, similar in near_equal((entry.code, entry.author) for entry in entries)
    ]
    first: dict[tuple[str, str], str] = {}
    numbers: dict[str, str] = {}
    for entry in entries:
        code = numbers.setdefault(_ZEROS.sub("", entry.code), entry.code)
        if code != entry.code:
            same = say("the codes {} and {} differ in zeros only; if they are one entry, delete one", code, entry.code)
            notes.append(same)
        code = first.setdefault((alike(entry.title), alike(entry.author)), entry.code)
        if code != entry.code:
            same = say("{} has the title and the author of {}; if they are one entry, delete one", entry.code, code)
            notes.append(same)
    yield from notes[:_MOST_NAMED]
    if len(notes) > _MOST_NAMED:
        yield say("{} more authors or entries are nearly others", len(notes) - _MOST_NAMED)


def _unique_faults(rule: Unique, candidates: Sequence[Candidate]) -> Iterator[Fault]:
    among = [each for each in candidates if not rule.nominations or each.nomination in rule.nominations]
    for group in _grouped(among, lambda each: alike(each.cells.get(rule.column, ""))).values():
        for candidate in group[rule.most :]:
            what = say(
                "{} stands {} times, first on line {}", shown(candidate.cells[rule.column]), len(group), group[0].line
            )
            yield Fault(candidate.line, rule.column, what, say("at most {}; keep the others out", rule.most))


def _grouped(candidates: Iterable[Candidate], key: Callable[[Candidate], str]) -> dict[str, list[Candidate]]:
    """Groups the candidates by `key` in the file's order; those with an empty key are left out."""
    groups: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        if group := key(candidate):
            groups[group].append(candidate)
    return groups


def _winner_faults(column: str, candidates: Sequence[Candidate], winners: Mapping[str, str]) -> Iterator[Fault]:
    for candidate in candidates:
        text = candidate.cells.get(column, "")
        winner = winners.get(alike(text)) if text else None
        if winner == text:
            yield Fault(candidate.line, column, say("{} has won before", shown(text)), say("take the entry out"))
        elif winner is not None:
            what = say(
                "{} is nearly {}, who has won before: they differ {}",
                shown(text),
                shown(winner),
                difference(text, winner),
            )
            mend = say("take the entry out; where they are two, add a word that tells them apart")
            yield Fault(candidate.line, column, what, mend)
