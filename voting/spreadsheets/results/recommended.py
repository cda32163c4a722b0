"""What counts for organisations that recommend entries: their entries, how far these got, and figures from outside."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from fractions import Fraction

from voting.domain.contest.schema import OrganisationAward
from voting.domain.results.organisations import OrganisationCounts, organisations
from voting.domain.results.outcome import Outcome
from voting.spreadsheets.results.inputs import Inputs
from voting.spreadsheets.results.ranks import Compared
from voting.spreadsheets.results.table import NONE, Column, Table


class Recommended:
    """Adds to the sheet of entries who recommended each, and how far it got."""

    def __init__(
        self, inputs: Inputs, left: Column | None, awards: Mapping[tuple[str, str], Column], outcome: Outcome
    ) -> None:
        self._inputs = inputs
        self._left = outcome.left
        self._held = Counter(given.holder for given in outcome.awards if given.place)
        entries, codes = inputs.figures.entries, inputs.codes
        own = organisations(entries.values())
        self._numbers = {name: number for number, name in enumerate(own, 1)}
        self._ways = {way.id: number for number, way in enumerate(inputs.contest.nominations, 1)}
        add = inputs.table.add
        numbers = {entry.code: self._numbers[name] for name, entries in own.items() for entry in entries}
        self._recommender = add("recommender no.", numbers)
        self._nomination = add("way no.", {code: self._ways.get(entries[code].nomination) for code in codes})
        self._finalists = add(
            "finalist",
            {code: int(code in outcome.left) for code in codes},
            lambda code: left.at(code) if left else "1",
        )

        columns: dict[str, list[Column]] = defaultdict(list)
        for (_, holder), column in awards.items():
            columns[holder].append(column)

        def held(code: str) -> str:
            return "+".join(["0", *(f"({column.at(code)}>0)" for column in columns[code])])

        self._awards = add("awards", {code: self._held[code] for code in codes}, held)

    def names(self, award: OrganisationAward) -> list[str]:
        """Returns the organisations that can get the award, by name."""
        return sorted(organisations(self._inputs.figures.entries.values(), award.nominations))

    def add_sum(self, table: Table, award: OrganisationAward) -> Compared:
        """Adds the merits, each under what one counts, and their sum."""
        merits = [self.add_count(table, award, merit.source, merit.each) for merit in award.merits]
        exact = {
            name: Fraction(
                sum(merit.each * count.exact[name] for merit, count in zip(award.merits, merits, strict=True))
            )
            for name in table.rows
        }
        weights, columns = [count.column.parameter for count in merits], [count.column for count in merits]
        column = table.add(
            "score",
            exact,
            lambda name: "+".join(f"{one}*{each.at(name)}" for one, each in zip(weights, columns, strict=True)),
        )
        return Compared(column, exact)

    def add_count(self, table: Table, award: OrganisationAward, source: str, each: int | None = None) -> Compared:
        """Adds the numbers of one source."""
        figures = self._inputs.figures
        kind, _, id = source.partition(":")
        if kind == "metric":
            known = figures.metrics.get(id, {})
            exact = {name: Fraction(known.get(name, NONE)) for name in table.rows}
            heading = next(metric.name for metric in self._inputs.contest.metrics if metric.id == id)
            return Compared(table.add(heading, exact, parameter=each), exact)
        recommended = organisations(figures.entries.values(), award.nominations)
        counts = OrganisationCounts(recommended, figures.metrics, self._left, self._held)
        exact = counts.of(frozenset(recommended), source)
        column = table.add(source, exact, lambda name: self._count(award, source, name), parameter=each)
        return Compared(column, exact)

    def _count(self, award: OrganisationAward, source: str, name: str) -> str:
        own = f"({self._recommender.every}={self._numbers[name]})"
        if award.nominations:
            own += f"*({'+'.join(f'({self._nomination.every}={self._ways[way]})' for way in award.nominations)})"
        counted = {"entries": "1", "finalists": self._finalists.every, "awards": self._awards.every}[source]
        return f"SUMPRODUCT({own}*{counted})"
