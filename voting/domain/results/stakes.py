"""What hangs on places: how many of the first places, among which entries, a contest's cuts and awards decide about."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Award
from voting.domain.entry import Entry

DEFAULT = 10
"""Places that matter where the contest's file has neither cuts nor awards: people announce the first ten."""


class Stake(NamedTuple):
    """The first places among some entries."""

    among: frozenset[str]
    places: int


def groups_of(
    award: Award, contest: Contest, entries: Mapping[str, Entry], among: Collection[str]
) -> list[frozenset[str]]:
    """Those who compete for an award, category by category where it is given so."""
    categories = award.categories or contest.category_ids
    fields = [(category,) for category in categories] if award.per_category else [categories]
    return [frozenset(code for code in among if entries[code].category in field) for field in fields]


def number_of(award: Award, group: Collection[str]) -> int:
    """How many of a group get the award."""
    return award.count or 0 if award.percent is None else len(group) * award.percent // 100


def stakes(contest: Contest, entries: Mapping[str, Entry]) -> tuple[Stake, ...]:
    """Every stake. Whoever holds an award that another excludes is passed over: so many more places matter there."""
    found = [Stake(frozenset(entries), cut.keep) for cut in contest.cuts]
    awards = {award.id: award for award in contest.awards}
    for award in contest.awards:
        for group in groups_of(award, contest, entries, entries):
            if number := number_of(award, group):
                found.append(Stake(group, number + sum(number_of(awards[each], group) for each in award.excludes)))
    return tuple(found) or (Stake(frozenset(entries), DEFAULT),)
