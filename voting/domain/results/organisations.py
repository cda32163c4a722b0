"""Awards for organisations that recommend entries, by the number of their entries and how far these got.

Document 001, 十、（二）2: 「优秀组织奖」「特别贡献奖」根据同一单位报送或推荐的作品数量和质量、宣传报道数量和效果评出.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain_outcome import explain_tie
from voting.domain.entry import Entry
from voting.domain.names import alike
from voting.domain.results.ranking import Given, Ranking, TieBreak, complete, winners

Figures = Mapping[str, Mapping[str, int]]
"""Figures from outside, by metric and holder."""


def organisations(entries: Iterable[Entry], nominations: Collection[str] = ()) -> dict[str, list[Entry]]:
    """Returns the entries of each recommender by its first spelling; spellings that people take for the same are
    merged.
    """
    names: dict[str, str] = {}
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        # The first spelling counts over all ways of nomination: figures are imported under it.
        name = names.setdefault(alike(entry.recommender), entry.recommender)
        if name and (not nominations or entry.nomination in nominations):
            found[name].append(entry)
    return dict(found)


def organisation_awards(
    contest: Contest,
    entries: Mapping[str, Entry],
    metrics: Figures,
    revoked: Mapping[tuple[str, str], str],
    left: Collection[str],
    awards: Collection[Given],
) -> tuple[Given, ...]:
    """Returns every award's winners. `left` are the finalists, `awards` the awards given to entries."""
    held = Counter(given.holder for given in awards if given.place)
    given: list[Given] = []
    for award in contest.organisation_awards:
        counts = OrganisationCounts(organisations(entries.values(), award.nominations), metrics, left, held)
        taken = {one: why for (id, one), why in revoked.items() if id == award.id and one in counts.recommended}
        if not award.count and not taken:
            continue
        every = frozenset(counts.recommended)
        merits = [(merit.each, counts.of(every, merit.source)) for merit in award.merits]
        value = {one: Fraction(sum(each * count[one] for each, count in merits)) for one in every}
        order = [TieBreak(partial(counts.of, source=source), explain_tie(source, contest)) for source in award.order]
        ranking = Ranking(value, order, include_ties=award.ties == "include")
        given += winners(award.id, every, award.count or 0, ranking, taken)
    return tuple(given)


@dataclass(frozen=True, slots=True)
class OrganisationCounts:
    """The figures that count for organisations: their entries, how far these got, and figures from outside."""

    recommended: Mapping[str, Sequence[Entry]]
    metrics: Figures
    left: Collection[str]
    held: Mapping[str, int]

    def of(self, among: frozenset[str], source: str) -> dict[str, Fraction]:
        """Returns each organisation's number. Raises NotScorable if a metric lacks one."""
        kind, _, id = source.partition(":")
        if kind == "metric":
            figures = complete(f"metric {id!r}", "figures", "organisations", among, self.metrics.get(id, {}))
            return {one: Fraction(figure) for one, figure in figures.items()}
        numbers: dict[str, Fraction] = {}
        for one in among:
            entries = self.recommended[one]
            counts = {
                "entries": len(entries),
                "finalists": sum(entry.code in self.left for entry in entries),
                "awards": sum(self.held.get(entry.code, 0) for entry in entries),
            }
            numbers[one] = Fraction(counts[source])
        return numbers
