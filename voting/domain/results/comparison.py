"""Compares the results of the same votes and marks under two sets of rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from voting.domain.contest.contest import Contest
from voting.domain.results.outcome import Outcome


@dataclass(frozen=True, slots=True)
class EntryResult:
    """An entry's place (None if it is not among those left), final score, public points and awards."""

    place: int | None
    final: Fraction | None
    public: Fraction | None
    awards: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """One entry whose result differs, and why."""

    entry: str
    before: EntryResult
    after: EntryResult
    why: str


def standings(contest: Contest, outcome: Outcome) -> dict[str, EntryResult]:
    """Returns every entry's standing. Without a blend the public points decide."""
    score: Mapping[str, Fraction] = outcome.final if contest.blend else outcome.public
    names = {award.id: award.name for award in contest.awards}
    return {
        entry: EntryResult(
            place=1 + sum(other > score[entry] for other in score.values()) if entry in score else None,
            final=outcome.final.get(entry),
            public=outcome.public.get(entry),
            awards=tuple(names[given.award] for given in outcome.awards if given.holder == entry and given.place),
        )
        for entry in outcome.reached
    }


def changes(before: Mapping[str, EntryResult], after: Mapping[str, EntryResult]) -> tuple[Change, ...]:
    """Returns the entries whose place or awards differ, in the new order."""
    moved = [
        Change(entry, before[entry], standing, _why(before[entry], standing))
        for entry, standing in after.items()
        if (before[entry].place, before[entry].awards) != (standing.place, standing.awards)
    ]
    return tuple(sorted(moved, key=lambda change: (change.after.place is None, change.after.place or 0, change.entry)))


def _why(before: EntryResult, after: EntryResult) -> str:
    if before.place is None and after.place is not None:
        return "passes the cuts"
    if after.place is None and before.place is not None:
        return "no longer passes the cuts"
    if before.public != after.public:
        return "its public points change"
    if before.final != after.final:
        return "its marks weigh differently"
    return "others pass it or fall behind" if before.place != after.place else "the awards are given differently"
