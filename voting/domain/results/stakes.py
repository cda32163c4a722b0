"""Stakes: the places, among which entries, that a contest's cuts and awards depend on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Award
from voting.domain.entry import Entry

DEFAULT = 10
"""Places that matter if the contest's file has neither cuts nor awards: organisers announce the first ten."""


class Stake(NamedTuple):
    """The first places among some entries."""

    among: frozenset[str]
    places: int


def groups_of(
    award: Award, contest: Contest, entries: Mapping[str, Entry], among: Collection[str]
) -> list[frozenset[str]]:
    """Returns the groups that compete for an award: one for each category if it is given by category."""
    categories = award.categories or contest.category_ids
    fields = [(category,) for category in categories] if award.per_category else [categories]
    return [frozenset(code for code in among if entries[code].category in field) for field in fields]


def number_of(award: Award, group: Collection[str]) -> int:
    """Returns how many of a group get the award."""
    return award.count or 0 if award.percent is None else len(group) * award.percent // 100


def stakes(contest: Contest, entries: Mapping[str, Entry]) -> tuple[Stake, ...]:
    """Returns every stake. Holders of an excluding award are passed over, so as many more places matter."""
    places = [Stake(frozenset(entries), cut.keep) for cut in contest.cuts]
    awards = {award.id: award for award in contest.awards}
    for award in contest.awards:
        for group in groups_of(award, contest, entries, entries):
            if number := number_of(award, group):
                places.append(Stake(group, number + sum(number_of(awards[other], group) for other in award.excludes)))
    return tuple(places) or (Stake(frozenset(entries), DEFAULT),)
