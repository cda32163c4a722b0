"""The inputs of the results' workbook: entries with picks and figures, and the marks of each round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Criterion, Round
from voting.domain.results.marks import scores, totals
from voting.domain.results.outcome import Figures
from voting.domain.results.scoring import Tally, ranks
from voting.errors import NotScorable
from voting.spreadsheets.results.table import NONE, SHOWN_PLACES, Book, Column


class Inputs:
    """The sheet of entries, in the order of their codes, and a sheet for each round of marks that can be scored."""

    def __init__(
        self, book: Book, contest: Contest, figures: Figures, tallies: Mapping[str, Tally], rounds: Sequence[Round]
    ) -> None:
        self.contest = contest
        self.figures = figures
        self.codes = sorted(figures.entries)
        entries = figures.entries
        category = {each.id: each.name for each in contest.categories}
        self.table = table = book.table("作品 entries", "entry", self.codes)
        table.add("title", {code: entries[code].title for code in self.codes})
        table.add("author", {code: entries[code].author for code in self.codes})
        table.add("category", {code: category.get(entries[code].category, "") for code in self.codes})
        tally = {code: tallies.get(code, Tally()) for code in self.codes}
        self.picks = {code: each.counted for code, each in tally.items()}
        self.raw = table.add("raw", {code: each.raw for code, each in tally.items()})
        self.held = table.add("held", {code: each.held for code, each in tally.items()})
        self.counted = table.add("counted", self.picks)
        table.add(
            "void",
            {code: each.raw - each.held - each.counted for code, each in tally.items()},
            lambda code: f"{self.raw.at(code)}-{self.held.at(code)}-{self.counted.at(code)}",
        )
        self.ranks = table.add(
            "rank", ranks(self.picks), lambda code: f"RANK({self.counted.at(code)},{self.counted.every})"
        )
        self.metrics = {
            metric.id: table.add(metric.name, figures.metrics.get(metric.id, {}))
            for metric in contest.metrics
            if metric.of == "entry"
        }
        self.exact_means: dict[str, Mapping[str, Fraction]] = {}
        self.means: dict[str, Column] = {}
        for round_ in rounds:
            self._add_round(book, round_)

    def _add_round(self, book: Book, round_: Round) -> None:
        """Adds the marks of a round, and the means of the judges' totals, both in marks."""
        try:
            shares = scores(round_, self.figures.marks.get(round_.id, ()), self.figures.entries)
        except NotScorable:
            # The outcome was computed without it.
            return
        marks = _Marks(book, round_, self)
        self.exact_means[round_.id] = {code: share * round_.full for code, share in shares.items()}

        def formula(code: str) -> str:
            if code not in shares:
                return str(NONE)
            own = marks.totals(code)
            dropped = [f"-LARGE({own},{number})" for number in range(1, round_.drop_highest + 1)]
            dropped += [f"-SMALL({own},{number})" for number in range(1, round_.drop_lowest + 1)]
            return f"(SUM({own}){''.join(dropped)})/(COUNT({own})-{len(dropped)})"

        self.means[round_.id] = self.table.add(
            f"{round_.name}: mean",
            {code: self.exact_means[round_.id].get(code, NONE) for code in self.codes},
            formula,
            places=SHOWN_PLACES,
        )


class _Marks:
    """The sheet of one round: a row for each entry and judge, its criteria under their weights, and the total."""

    def __init__(self, book: Book, round_: Round, inputs: Inputs) -> None:
        entries = inputs.figures.entries
        marks: dict[tuple[str, str], dict[str, Fraction]] = defaultdict(dict)
        for mark in inputs.figures.marks.get(round_.id, ()):
            if mark.entry in entries:
                marks[mark.entry, mark.judge][mark.criterion] = mark.value
        keys = sorted(marks)
        self._judged: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for key in keys:
            self._judged[key[0]].append(key)
        table = book.table(f"评分 {round_.id}", "entry", keys)
        table.add("judge", {key: key[1] for key in keys})
        columns = [
            table.add(
                _heading(criterion, inputs.contest),
                {key: marks[key].get(criterion.name) for key in keys if criterion.marks(entries[key[0]].category)},
                parameter=criterion.weight,
                places=SHOWN_PLACES,
            )
            for criterion in round_.criteria
        ]
        weights = table.span(columns[0], columns[-1])
        exact = totals(round_, inputs.figures.marks.get(round_.id, ()), entries)
        self._totals = table.add(
            "total",
            {(entry, judge): exact[entry][judge] * round_.full for entry, judge in keys},
            lambda key: f"SUMPRODUCT({weights},{table.span(columns[0], columns[-1], key)})/100",
            places=SHOWN_PLACES,
        )

    def totals(self, code: str) -> str:
        """Returns the cells of the judges' totals of an entry that has some."""
        own = self._judged[code]
        return self._totals.span(own[0], own[-1])


def _heading(criterion: Criterion, contest: Contest) -> str:
    names = [category.name for category in contest.categories if category.id in criterion.categories]
    return f"{criterion.name}（{'、'.join(names)}）" if names else criterion.name
