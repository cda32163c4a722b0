"""The outcome: funnel, final scores and awards, each step with its reason, from picks, marks and outside figures.

All numbers are exact fractions; rounding is done once, when a score is written.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain_outcome import explain_tie
from voting.domain.contest.schema import Award, Cut
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark, scores
from voting.domain.results.organisations import organisation_awards
from voting.domain.results.ranking import Given, Ranking, TieBreak, complete, first, winners
from voting.domain.results.scoring import public_points
from voting.domain.results.stakes import groups_of, number_of
from voting.errors import NotScorable


@dataclass(frozen=True)
class Figures:
    """The inputs of the outcome: `marks` by round, `metrics` by metric and entry, counts by entry."""

    entries: Mapping[str, Entry]
    picks: Mapping[str, int]
    marks: Mapping[str, Collection[Mark]]
    metrics: Mapping[str, Mapping[str, int]]
    revoked: Mapping[tuple[str, str], str]
    """(award, holder) -> why it was revoked."""


@dataclass(frozen=True)
class Outcome:
    """`reached` is the number of cuts an entry has passed; `final` the blended score of those left."""

    reached: Mapping[str, int]
    left: frozenset[str]
    public: Mapping[str, Fraction]
    final: Mapping[str, Fraction]
    awards: tuple[Given, ...]
    organisations: tuple[Given, ...]


def compute(contest: Contest, figures: Figures) -> Outcome:
    """Returns the whole outcome. Raises NotScorable, naming what is missing."""
    left, reached = frozenset(figures.entries), dict.fromkeys(figures.entries, 0)
    for cut in contest.cuts:
        left = _passed(contest, figures, cut, left)
        reached.update((entry, reached[entry] + 1) for entry in left)
    public = _public(contest, figures, left)
    final = _final(contest, figures, left)
    awards: list[Given] = []
    for award in contest.awards:
        among = left if award.among == "finalists" else frozenset(figures.entries)
        for group in groups_of(award, contest, figures.entries, among):
            awards += _give(contest, figures, award, group, awards)
    honours = organisation_awards(contest, figures.entries, figures.metrics, figures.revoked, left, awards)
    return Outcome(reached, left, public, final, tuple(awards), honours)


def entries_of_round(contest: Contest, figures: Figures, round_: str, *, is_voted: bool) -> frozenset[str]:
    """Returns the entries that judges mark in a round: those left by the cuts that do not follow from it.

    None as long as such a cut cannot be made: the vote goes on, or an earlier round has no marks.
    """
    left = frozenset(figures.entries)
    for cut in contest.cuts:
        if f"round:{round_}" in (cut.by, *cut.order):
            break
        if not is_voted and {"public", "votes"} & {cut.by, *cut.order}:
            return frozenset()
        try:
            left = _passed(contest, figures, cut, left)
        except NotScorable:
            return frozenset()
    return left


def _passed(contest: Contest, figures: Figures, cut: Cut, left: frozenset[str]) -> frozenset[str]:
    """Returns which of those left pass a cut."""
    order = _order(contest, figures, left, cut.order if cut.ties == "order" else ())
    ranking = Ranking(values(contest, figures, left, cut.by), order, include_ties=cut.ties == "include")
    return frozenset(first(left, cut.keep, ranking))


def _final(contest: Contest, figures: Figures, left: frozenset[str]) -> dict[str, Fraction]:
    """Returns the sum of the parts: each part's points x the entry's share of its maximum."""
    if contest.blend is None:
        return {}
    total = dict.fromkeys(left, Fraction(0))
    for part in contest.blend.parts:
        if part.source == "public":
            points, most = _public(contest, figures, left), contest.public_points.points
            shares: Mapping[str, Fraction] = {entry: value / most for entry, value in points.items()}
        else:
            shares = values(contest, figures, left, part.source)
        for entry in left:
            total[entry] += part.points * shares[entry]
    return total


def _order(contest: Contest, figures: Figures, group: frozenset[str], sources: Iterable[str]) -> list[TieBreak]:
    """Returns the tie-breaks between equals of the group. Only imported figures may be present for the equals alone."""

    def of_equals(source: str, equals: frozenset[str]) -> Mapping[str, Fraction]:
        imported = source.startswith(("metric:", "round:"))
        return values(contest, figures, equals if imported else group, source)

    return [TieBreak(partial(of_equals, source), explain_tie(source, contest)) for source in sources]


def values(contest: Contest, figures: Figures, left: frozenset[str], source: str) -> Mapping[str, Fraction]:
    """Returns the value by which `source` decides, for each of those left. Raises NotScorable."""
    kind, _, name = source.partition(":")
    if kind == "votes":
        return {entry: Fraction(figures.picks.get(entry, 0)) for entry in left}
    if kind == "public":
        return _public(contest, figures, left)
    if kind == "final":
        return _final(contest, figures, left)
    if kind == "metric":
        # A share of the highest among those left.
        known = complete(f"metric {name!r}", "figures", "entries", left, figures.metrics.get(name, {}))
        most = max(known.values(), default=0)
        return {entry: Fraction(value, most) if most else Fraction(0) for entry, value in known.items()}
    round_ = next(each for each in contest.rounds if each.id == name)
    means = scores(round_, figures.marks.get(name, ()), figures.entries)
    return complete(f"round {name!r}", "marks", "entries", left, means)


def _public(contest: Contest, figures: Figures, left: frozenset[str]) -> dict[str, Fraction]:
    """Returns public points of those left, compared within the scope that the file sets."""
    scope = left if contest.public_points.scope == "finalists" else frozenset(figures.entries)
    points = public_points({entry: figures.picks.get(entry, 0) for entry in scope}, contest.public_points)
    return {entry: points[entry] for entry in left}


def _give(contest: Contest, figures: Figures, award: Award, group: frozenset[str], before: list[Given]) -> list[Given]:
    """Returns the winners in one group."""
    number = number_of(award, group)
    revoked = {entry: why for (id, entry), why in figures.revoked.items() if id == award.id and entry in group}
    if not number and not revoked:
        return []
    value = values(contest, figures, group, award.by)
    holders = {given.holder for given in before if given.award in award.excludes and given.place}
    ranking = Ranking(value, _order(contest, figures, group, award.order), include_ties=award.ties == "include")
    return winners(award.id, group - holders, number, ranking, revoked)
