"""The sheet of one step for entries: who takes part, and the numbers by which they are compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from fractions import Fraction

from voting.domain.contest.schema import Part
from voting.domain.results.outcome import values
from voting.errors import NotScorable
from voting.spreadsheets.results.inputs import Inputs
from voting.spreadsheets.results.points import Scope, points_formula
from voting.spreadsheets.results.ranks import Compared, decimals_for
from voting.spreadsheets.results.table import NONE, SHOWN_PLACES, Book, Column, Formula


class Step:
    """Mirrors `values` of voting.domain.results.outcome: each source has its columns."""

    def __init__(
        self,
        book: Book,
        name: str,
        inputs: Inputs,
        codes: Sequence[str],
        members: Collection[str],
        takes_part: Formula,
    ) -> None:
        self.table = book.table(name, "entry", codes)
        self.members = frozenset(members)
        self.flags = self.add_flags("takes part", self.members, takes_part)
        self._inputs = inputs

    def add_flags(self, heading: str, members: Collection[str], formula: Formula) -> Column:
        """Adds a column with 1 for each of the members, else 0."""
        return self.table.add(heading, {code: int(code in members) for code in self.table.rows}, formula)

    def source(self, source: str) -> Compared:
        """Adds what `source` gives to each of those that take part; a metric's figures as they are."""
        kind, _, name = source.partition(":")
        inputs, figures = self._inputs, self._inputs.figures
        if kind == "votes":
            return self._compared("counted", inputs.picks, inputs.counted.at)
        if kind == "metric":
            figure = inputs.metrics[name].at
            heading = next(metric.name for metric in inputs.contest.metrics if metric.id == name)
            return self._compared(
                heading,
                figures.metrics.get(name, {}),
                lambda code: f"IF(ISNUMBER({figure(code)}),{figure(code)},{NONE})",
            )
        if kind == "round":
            round_ = next(each for each in inputs.contest.rounds if each.id == name)
            return self._compared(
                round_.name, inputs.exact_means[name], inputs.means[name].at, decimals_for(round_.full)
            )
        return self.public() if kind == "public" else self.final()

    def order(self, sources: Sequence[str], notes: list[str]) -> list[Compared]:
        """Adds the tie-breaks. One that cannot be scored is left out with a note: no equals have asked for it."""
        scorable = [source for source in sources if self._is_scorable(source)]
        notes += [
            f"{self.table.name}, rank: without {source!r}, which cannot be scored yet and decides nothing"
            for source in sources
            if source not in scorable
        ]
        return [self.source(source) for source in scorable]

    def _is_scorable(self, source: str) -> bool:
        """Whether there are numbers; of marks and metrics, which equals alone may have, it takes some."""
        kind, _, name = source.partition(":")
        if kind == "round":
            return name in self._inputs.means
        if kind == "final":
            try:
                values(self._inputs.contest, self._inputs.figures, self.members, source)
            except NotScorable:
                return False
        return True

    def public(self, *, among_all: bool = False) -> Compared:
        """Adds the public points; `among_all` compares all entries, whatever the scope of the rule."""
        contest, counted = self._inputs.contest, self._inputs.counted
        rule = contest.public_points
        picks = self.table.add("counted", self._inputs.picks, counted.at)
        is_all = among_all or rule.scope == "all"
        scope = Scope("1", counted.every) if is_all else Scope(self.flags.every, picks.every)
        exact = values(contest, self._inputs.figures, self.members, "public")
        most = self.table.next.parameter
        return self._compared(
            "public points",
            exact,
            lambda code: points_formula(rule, scope, picks.at(code), most),
            decimals_for(max(rule.points, *rule.steps, 0)),
            parameter=rule.points,
        )

    def final(self) -> Compared:
        """Adds the parts of the final score, and their sum."""
        contest, figures = self._inputs.contest, self._inputs.figures
        parts = contest.blend.parts if contest.blend else ()
        columns = [self._part(part) for part in parts]
        return self._compared(
            "final score",
            values(contest, figures, self.members, "final"),
            lambda code: "+".join(column.at(code) for column in columns),
            decimals_for(sum(part.points for part in parts)),
        )

    def _part(self, part: Part) -> Column:
        """Adds one part of the final score: its points times the share of the most that there can be, or is."""
        contest = self._inputs.contest
        given = self.source(part.source).column
        shares = values(contest, self._inputs.figures, self.members, part.source)
        kind, _, name = part.source.partition(":")
        if kind == "metric":
            full = Scope(self.flags.every, given.every).highest(given.every)
        elif kind == "public":
            full = str(contest.public_points.points)
            shares = {code: points / contest.public_points.points for code, points in shares.items()}
        else:
            full = str(next(round_.full for round_ in contest.rounds if round_.id == name))
        most = self.table.next.parameter
        return self._compared(
            f"part {part.source}",
            {code: part.points * share for code, share in shares.items()},
            lambda code: f"IF({full}=0,0,{most}*{given.at(code)}/{full})",
            decimals_for(part.points),
            parameter=part.points,
        ).column

    def _compared(
        self,
        heading: str,
        known: Mapping[str, Fraction | int],
        formula: Formula,
        decimals: int = 0,
        *,
        parameter: int | None = None,
    ) -> Compared:
        """Adds a column of those who take part."""
        exact = {code: Fraction(known.get(code, NONE) if code in self.members else NONE) for code in self.table.rows}
        column = self.table.add(
            heading,
            exact,
            lambda code: f"IF({self.flags.at(code)}=0,{NONE},{formula(code)})",
            parameter=parameter,
            places=SHOWN_PLACES if decimals else 0,
        )
        return Compared(column, exact, decimals)
