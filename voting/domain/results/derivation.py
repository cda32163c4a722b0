"""How one entry's final score follows from picks, marks and figures, step by step, in exact numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Part, Round
from voting.domain.results.marks import Mark, totals
from voting.domain.results.outcome import Figures, Outcome, values

_SHOWN_PLACES = 6


@dataclass(frozen=True, slots=True)
class JudgesTotal:
    """One judge's total for the entry, as a share of the full mark. `is_dropped`: it is the highest or the lowest."""

    judge: str
    share: Fraction
    is_dropped: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One part of the final score: its points times the entry's share of what it gives at most."""

    part: Part
    share: Fraction
    full: int
    """The full mark of a round; 0 for other sources."""
    judges: tuple[JudgesTotal, ...] = ()

    @property
    def points(self) -> Fraction:
        """What the part adds to the final score."""
        return self.part.points * self.share


@dataclass(frozen=True, slots=True)
class Derivation:
    """The steps of one entry. `most_picks` and `all_picks` are of those that its picks are compared with."""

    picks: int
    most_picks: int
    all_picks: int
    compared: int
    public: Fraction | None
    steps: tuple[Step, ...]
    final: Fraction | None


def derive(contest: Contest, figures: Figures, outcome: Outcome, code: str) -> Derivation:
    """Returns how an entry's score came about. Raises NotScorable."""
    scope = outcome.left if contest.public_points.scope == "finalists" else frozenset(figures.entries)
    picks = [figures.picks.get(entry, 0) for entry in scope]
    is_left = code in outcome.left
    parts = contest.blend.parts if contest.blend and is_left else ()
    return Derivation(
        picks=figures.picks.get(code, 0),
        most_picks=max(picks, default=0),
        all_picks=sum(picks),
        compared=len(picks),
        public=outcome.public.get(code),
        steps=tuple(_step(contest, figures, outcome, part, code) for part in parts),
        final=outcome.final.get(code),
    )


def shown(value: Fraction) -> str:
    """Returns an exact number as a decimal; one that is cut after six places ends in `…`."""
    scaled = value * 10**_SHOWN_PLACES
    whole = scaled.numerator // scaled.denominator
    text = f"{whole // 10**_SHOWN_PLACES}.{whole % 10**_SHOWN_PLACES:0{_SHOWN_PLACES}d}".rstrip("0").rstrip(".")
    return text if scaled.denominator == 1 else f"{text}…"


def _step(contest: Contest, figures: Figures, outcome: Outcome, part: Part, code: str) -> Step:
    kind, _, name = part.source.partition(":")
    if kind == "public":
        return Step(part, outcome.public[code] / contest.public_points.points, 0)
    share = values(contest, figures, outcome.left, part.source)[code]
    if kind != "round":
        return Step(part, share, 0)
    round_ = next(each for each in contest.rounds if each.id == name)
    return Step(part, share, round_.full, _judges(round_, figures, code))


def _judges(round_: Round, figures: Figures, code: str) -> tuple[JudgesTotal, ...]:
    """Returns the judges' totals by judge. Of equal ones it does not matter which is dropped."""
    own: list[Mark] = [mark for mark in figures.marks.get(round_.id, ()) if mark.entry == code]
    by_judge = totals(round_, own, figures.entries).get(code, {})
    order = sorted(by_judge, key=lambda judge: (by_judge[judge], judge))
    kept = set(order[round_.drop_lowest : len(order) - round_.drop_highest])
    return tuple(JudgesTotal(judge, by_judge[judge], judge not in kept) for judge in sorted(by_judge))
