"""What may stand only so often in a roster: codes, a contest's [[unique]] columns, and past winners not at all."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from voting.domain.candidate import Candidate, alike, grouped, shown
from voting.domain.contest import Contest
from voting.domain.tables import Unique
from voting.errors import Fault


def repeat_faults(contest: Contest, candidates: Sequence[Candidate], past_winners: Collection[str]) -> Iterator[Fault]:
    """Every fault; each row beyond what is allowed has one. `past_winners` are texts as a list has them."""
    for code, group in grouped(candidates, lambda each: each.cells.get("code") or None).items():
        for candidate in group[1:]:
            what = f"{shown(code)} stands twice, first on line {group[0].line}"
            yield Fault(candidate.line, "code", what, "give each entry its own code")
    for rule in contest.uniques:
        yield from _unique_faults(rule, candidates)
    if contest.past_winners:
        yield from _winner_faults(contest.past_winners, candidates, {alike(text) for text in past_winners})


def _unique_faults(rule: Unique, candidates: Sequence[Candidate]) -> Iterator[Fault]:
    among = [each for each in candidates if not rule.nominations or each.nomination in rule.nominations]
    for group in grouped(among, lambda each: alike(each.cells.get(rule.column, "")) or None).values():
        for candidate in group[rule.most :]:
            what = f"{shown(candidate.cells[rule.column])} stands {len(group)} times, first on line {group[0].line}"
            yield Fault(candidate.line, rule.column, what, f"at most {rule.most}; keep the others out")


def _winner_faults(column: str, candidates: Sequence[Candidate], winners: Collection[str]) -> Iterator[Fault]:
    for candidate in candidates:
        text = candidate.cells.get(column, "")
        if text and alike(text) in winners:
            yield Fault(candidate.line, column, f"{shown(text)} has won before", "take the entry out")
