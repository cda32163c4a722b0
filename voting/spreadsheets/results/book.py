"""The results of a contest as formulas: inputs, cuts, final scores and awards, a sheet for each step."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain_outcome import source_name
from voting.domain.contest.schema import Award, Cut
from voting.domain.results.marks import MARK_PLACES
from voting.domain.results.outcome import Figures, Outcome
from voting.domain.results.scoring import Tally
from voting.domain.results.stakes import groups_of
from voting.spreadsheets.results.inputs import Inputs
from voting.spreadsheets.results.ranks import Compared, add_places, add_ranks, add_rounded
from voting.spreadsheets.results.recommended import Recommended
from voting.spreadsheets.results.step import Step
from voting.spreadsheets.results.table import Book, Column


class LiveResults:
    """Writes the sheets of the steps; says in which cells each figure of the results stands."""

    def __init__(
        self,
        book: Book,
        contest: Contest,
        figures: Figures,
        tallies: Mapping[str, Tally],
        outcome: Outcome | None,
    ) -> None:
        """Without an outcome only the public points are computed, among all entries."""
        self.notes: list[str] = []
        self.columns: dict[str, Column] = {}
        """By the results' column; a cell below 0 stands for none."""
        self.places: dict[tuple[str, str], str] = {}
        self.scores: dict[tuple[str, str], str] = {}
        """The cells of awards, by award and holder."""
        self._book = book
        self._contest = contest
        self._figures = figures
        self._steps = 0
        scored = [round_ for round_ in contest.rounds if outcome and figures.marks.get(round_.id)]
        self._inputs = inputs = Inputs(book, contest, figures, tallies, scored)
        self.columns |= {"raw": inputs.raw, "held": inputs.held, "counted": inputs.counted}
        if outcome is None:
            self.columns["rank"] = inputs.ranks
            self._add_public()
            return
        self.columns["public_rank"] = inputs.ranks
        self._left = self._add_cuts(outcome)
        self._add_final(outcome)
        self._awards: dict[tuple[str, str], Column] = {}
        for award in contest.awards:
            self._add_award(award, outcome)
        if contest.organisation_awards:
            self._add_organisation_awards(outcome)

    def _name(self, title: str) -> str:
        """Returns the next sheet's name; its number keeps it apart from others."""
        self._steps += 1
        return f"{self._steps} {title}"

    def _add_public(self) -> None:
        codes = self._inputs.codes
        step = Step(self._book, self._name("公众评选 public"), self._inputs, codes, codes, lambda _: "1")
        places = self._contest.public_points.places
        points = step.public(among_all=True)
        self.columns["public_points"] = add_rounded(step.table, "public_points", points, places, self.notes)

    def _add_cuts(self, outcome: Outcome) -> Column | None:
        """Adds the funnel; returns the column of those left, None if all are."""
        codes, left = self._inputs.codes, None
        passed: list[Column] = []
        for number, cut in enumerate(self._contest.cuts):
            members = [code for code in codes if outcome.reached[code] >= number]
            step = self._step(f"入围 {source_name(cut.by, self._contest, 'zh')}", codes, members, left)
            by = [step.source(cut.by), *step.order(cut.order if cut.ties == "order" else (), self.notes)]
            left = self._add_cut(step, cut, by, [code for code in codes if outcome.reached[code] > number])
            passed.append(left)
        self.columns["cuts_passed"] = self._inputs.table.add(
            "cuts passed", outcome.reached, lambda code: "+".join(["0", *(column.at(code) for column in passed)])
        )
        return left

    def _add_cut(self, step: Step, cut: Cut, by: Sequence[Compared], left: Collection[str]) -> Column:
        ranks = add_ranks(step.table, by, step.flags, step.members, self.notes)
        values = {code: int(code in left) for code in step.table.rows}
        keep = step.table.next.parameter
        return step.table.add(
            "goes on",
            values,
            lambda code: f"IF(AND({ranks.at(code)}>0,{ranks.at(code)}<={keep}),1,0)",
            parameter=cut.keep,
        )

    def _add_final(self, outcome: Outcome) -> None:
        contest = self._contest
        step = self._step("综合得分 final", self._inputs.codes, outcome.left, self._left)
        points = step.public()
        self.columns["public_points"] = add_rounded(
            step.table, "public_points", points, contest.public_points.places, self.notes
        )
        if contest.blend:
            final = step.final()
            self.columns["final"] = add_rounded(step.table, "final", final, contest.blend.places, self.notes)
            self.columns["place"] = add_ranks(step.table, [final], step.flags, step.members, self.notes)

    def _step(self, title: str, codes: Sequence[str], members: Collection[str], left: Column | None) -> Step:
        name = self._name(title)
        return Step(self._book, name, self._inputs, codes, members, lambda code: left.at(code) if left else "1")

    def _add_award(self, award: Award, outcome: Outcome) -> None:
        """Adds a sheet for each group that competes for an award."""
        contest, entries = self._contest, self._figures.entries
        finalists = award.among == "finalists"
        given = {each.holder: each for each in outcome.awards if each.award == award.id}
        fields = groups_of(award, contest, entries, entries)
        groups = groups_of(award, contest, entries, outcome.left if finalists else entries)
        for field, group in zip(fields, groups, strict=True):
            if not given.keys() & group:
                continue
            label = award.name
            if award.per_category and (category := entries[min(field)].category):
                label += " " + next(each.name for each in contest.categories if each.id == category)
            step = self._step(label, sorted(field), group, self._left if finalists else None)
            by = [step.source(award.by), *step.order(award.order, self.notes)]
            competing, among = self._competing(award, step, outcome)
            ranks = add_ranks(step.table, by, competing, among, self.notes)
            percent = award.percent
            number = award.count or 0 if percent is None else percent
            formula = f"INT(SUM({step.flags.every})*{step.table.next.parameter}/100)" if percent is not None else ""
            places = {code: given[code].place for code in given.keys() & group if given[code].place}
            won = add_places(step.table, ranks, places, number, formula)
            score = self._score(award, step, by[0])
            for code in field:
                self._awards[award.id, code] = won
            for code in given.keys() & group:
                self.places[award.id, code] = won.at(code)
                if score:
                    self.scores[award.id, code] = score.at(code)

    def _competing(self, award: Award, step: Step, outcome: Outcome) -> tuple[Column, frozenset[str]]:
        """Returns the column of those who can win, and their codes: no holder of an excluding award, none revoked."""
        others = {id for (id, _) in self._awards if id in award.excludes}
        revoked = {code for (id, code) in self._figures.revoked if id == award.id} & step.members
        holders = {given.holder for given in outcome.awards if given.award in others and given.place}
        if not others and not revoked:
            return step.flags, step.members
        marks = step.table.add("revoked", dict.fromkeys(revoked, 1))

        def formula(code: str) -> str:
            held = [self._awards[id, code].at(code) for id in sorted(others) if (id, code) in self._awards]
            barred = ",".join([f"{marks.at(code)}=1", *(f"{cell}>0" for cell in held)])
            return f"IF(OR({step.flags.at(code)}=0,{barred}),0,1)"

        among = step.members - revoked - holders
        return step.add_flags("can win", among, formula), among

    def _score(self, award: Award, step: Step, by: Compared) -> Column | None:
        """Returns the column of the score that the award list has; None if it has none."""
        kind, _, _ = award.by.partition(":")
        places = {"public": self._contest.public_points.places, "round": MARK_PLACES, "votes": 0}
        if self._contest.blend:
            places["final"] = self._contest.blend.places
        if kind == "votes":
            return by.column
        return add_rounded(step.table, "score", by, places[kind], self.notes) if kind in places else None

    def _add_organisation_awards(self, outcome: Outcome) -> None:
        """Adds a sheet for each award to organisations."""
        recommended = Recommended(self._inputs, self._left, self._awards, outcome)
        for award in self._contest.organisation_awards:
            given = {each.holder: each for each in outcome.organisations if each.award == award.id}
            if not given:
                continue
            table = self._book.table(self._name(award.name), "organisation", recommended.names(award))
            value = recommended.add_sum(table, award)
            by = [value, *(recommended.add_count(table, award, source) for source in award.order)]
            among = [name for name in table.rows if name not in given or given[name].place]
            competing = table.add("can win", dict.fromkeys(table.rows, 0) | dict.fromkeys(among, 1))
            ranks = add_ranks(table, by, competing, among, self.notes)
            places = {name: each.place for name, each in given.items() if each.place}
            won = add_places(table, ranks, places, award.count or 0)
            for name in given:
                self.places[award.id, name] = won.at(name)
                self.scores[award.id, name] = value.column.at(name)
