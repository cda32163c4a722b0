"""Awards for organisations that recommend entries: by the number of their entries and how far these came.

Document 001, 十、（二）2: 「优秀组织奖」「特别贡献奖」根据同一单位报送或推荐的作品数量和质量、宣传报道数量和效果评出.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from fractions import Fraction

from voting.domain.candidate import alike
from voting.domain.contest import Contest
from voting.domain.entry import Entry
from voting.domain.ranking import Given, Ranking, winners
from voting.domain.tables import OrganisationAward

Figures = Mapping[str, Mapping[str, int]]
"""Figures from outside, by metric and holder."""


def organisations(entries: Iterable[Entry], nominations: Collection[str] = ()) -> dict[str, list[Entry]]:
    """Each recommender's entries by its name as first written; spellings that people take for the same are one."""
    names: dict[str, str] = {}
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.recommender and (not nominations or entry.nomination in nominations):
            found[names.setdefault(alike(entry.recommender), entry.recommender)].append(entry)
    return dict(found)


def organisation_awards(
    contest: Contest,
    entries: Mapping[str, Entry],
    metrics: Figures,
    revoked: Mapping[tuple[str, str], str],
    left: Collection[str],
    awards: Collection[Given],
) -> tuple[Given, ...]:
    """Every award's winners. `left` are the finalists, `awards` what the entries hold."""
    held = Counter(given.holder for given in awards if given.place)
    given: list[Given] = []
    for award in contest.organisation_awards:
        counts = _counts(award, entries, metrics, left, held)
        points = {merit.source: merit.each for merit in award.merits}
        value = {
            one: Fraction(sum(each * counts[source][one] for source, each in points.items()))
            for one in counts["entries"]
        }
        order = [{one: Fraction(number) for one, number in counts[source].items()} for source in award.order]
        ranking = Ranking(value, order, include_ties=award.ties == "include")
        taken = {one: why for (id, one), why in revoked.items() if id == award.id and one in value}
        given += winners(award.id, value, award.count or 0, ranking, taken)
    return tuple(given)


def _counts(
    award: OrganisationAward,
    entries: Mapping[str, Entry],
    metrics: Figures,
    left: Collection[str],
    held: Mapping[str, int],
) -> dict[str, dict[str, int]]:
    """Each source's number for each organisation."""
    recommended = organisations(entries.values(), award.nominations)
    counts = {
        "entries": {one: len(its) for one, its in recommended.items()},
        "finalists": {one: sum(entry.code in left for entry in its) for one, its in recommended.items()},
        "awards": {one: sum(held.get(entry.code, 0) for entry in its) for one, its in recommended.items()},
    }
    for source in (*(merit.source for merit in award.merits), *award.order):
        kind, _, id = source.partition(":")
        if kind == "metric":
            figures = metrics.get(id, {})
            counts[source] = {one: figures.get(one, 0) for one in recommended}
    return counts
