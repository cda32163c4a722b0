"""Simulates an outcome from given or generated votes and marks, without a server. A seed determines generated ones."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from fractions import Fraction

from voting.domain.contest.contest import Contest
from voting.domain.entry import Entry
from voting.domain.results.comparison import Change, changes, standings
from voting.domain.results.marks import Mark
from voting.domain.results.organisations import organisations
from voting.domain.results.outcome import Figures, compute

_VOTES = 10_000
_JUDGES = 5


def made_entries(contest: Contest, number: int) -> dict[str, Entry]:
    """Returns entries E001 onwards, spread over the categories."""
    categories = contest.category_ids
    codes = [f"E{index:03d}" for index in range(1, number + 1)]
    return {code: Entry(code, code, "", categories[index % len(categories)]) for index, code in enumerate(codes)}


def what_if(rules: Contest, other: Contest, entries: Mapping[str, Entry], seed: int) -> tuple[Change, ...]:
    """Returns which entries would change places under `rules` in place of `other`, with the same generated figures.

    Raises NotScorable, such as for a round that only one of them has.
    """
    given = figures(other, entries, None, {}, seed)
    return changes(standings(other, compute(other, given)), standings(rules, compute(rules, given)))


def figures(
    contest: Contest,
    entries: Mapping[str, Entry],
    votes: Mapping[str, int] | None,
    marks: Mapping[str, Collection[Mark]],
    seed: int,
) -> Figures:
    """Returns given figures and generates the rest: votes by falling popularity, marks around an entry's quality."""
    dice = random.Random(seed)  # noqa: S311 (a rehearsal, no secret)
    codes = sorted(entries)
    order = dice.sample(codes, len(codes))
    made_votes = {entry: _VOTES // place + dice.randrange(50) for place, entry in enumerate(order, 1)}
    quality = {entry: dice.uniform(60, 95) for entry in codes}
    made: dict[str, Collection[Mark]] = {}
    for round_ in contest.rounds:
        made[round_.id] = [
            Mark(f"J{judge}", entry, each.name, _mark(quality[entry], dice) * round_.full)
            for judge in range(1, _JUDGES + 1)
            for entry in quality
            for each in round_.rubric(entries[entry].category)
        ]
    metrics = {
        each.id: {
            holder: dice.randrange(100_000)
            for holder in (codes if each.of == "entry" else organisations(entries.values()))
        }
        for each in contest.metrics
    }
    return Figures(entries, made_votes if votes is None else votes, {**made, **marks}, metrics, {})


def _mark(quality: float, dice: random.Random) -> Fraction:
    """Returns a share of the full mark, in thousandths: exact like a written mark."""
    return Fraction(min(1000, max(0, round(quality * 10 + dice.gauss(0, 40)))), 1000)
