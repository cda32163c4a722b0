"""The award list in the order of the contest's file, with revoked awards and reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Award
from voting.domain.entry import Entry
from voting.domain.results.marks import MARK_PLACES
from voting.domain.results.outcome import Outcome
from voting.domain.results.ranking import Given
from voting.domain.results.scoring import rounded

AWARD_COLUMNS = ("award", "name", "place", "holder", "title", "author", "category", "score", "reason")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `place` 0 means revoked. `holder` is an entry's code or an organisation's name."""

    award: str
    name: str
    place: int
    holder: str
    title: str
    author: str
    category: str
    score: str
    reason: str


def award_list(contest: Contest, outcome: Outcome, entries: Mapping[str, Entry]) -> tuple[Line, ...]:
    """Returns every line, awards for entries first."""
    lines = []
    awards = {award.id: award for award in contest.awards}
    categories = {category.id: category.name for category in contest.categories}
    for given in outcome.awards:
        award, entry = awards[given.award], entries[given.holder]
        head = (award.id, award.name, given.place, given.holder, entry.title, entry.author)
        lines.append(Line(*head, categories.get(entry.category, ""), _score(contest, award, given), given.reason))
    names = {award.id: award.name for award in contest.organisation_awards}
    for given in outcome.organisations:
        score = str(rounded(given.value, 0))
        lines.append(Line(given.award, names[given.award], given.place, given.holder, "", "", "", score, given.reason))
    return tuple(lines)


def _score(contest: Contest, award: Award, given: Given) -> str:
    """Returns the deciding score as text; empty for a figure from outside, which has no score of its own."""
    kind, _, id = award.by.partition(":")
    if kind == "final" and contest.blend:
        return f"{rounded(given.value, contest.blend.places):f}"
    if kind == "public":
        return f"{rounded(given.value, contest.public_points.places):f}"
    if kind == "round":
        full = next(round_.full for round_ in contest.rounds if round_.id == id)
        return f"{rounded(given.value * full, MARK_PLACES):f}"
    return f"{rounded(given.value, 0):f}" if kind == "votes" else ""
