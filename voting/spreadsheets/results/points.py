"""Public points as formulas, one for each normaliser of voting.domain.results.scoring."""

from __future__ import annotations

from dataclasses import dataclass

from voting.domain.contest.schema import PublicPoints


@dataclass(frozen=True, slots=True)
class Scope:
    """The picks that an entry's picks are compared with: a range, and a range of 1 or 0 for those that count."""

    taking_part: str
    picks: str

    def number(self, condition: str = ">=0") -> str:
        """Returns how many have picks of a condition."""
        return f"SUMPRODUCT({self.taking_part}*({self.picks}{condition}))"

    def highest(self, values: str) -> str:
        """Returns the highest of `values`, which are in the same rows as the picks."""
        return f"SUMPRODUCT(MAX({self.taking_part}*({values})))"

    @property
    def total(self) -> str:
        """All picks."""
        return f"SUMPRODUCT({self.taking_part}*{self.picks})"


def points_formula(rule: PublicPoints, scope: Scope, picks: str, most: str) -> str:
    """Returns the formula of one entry's points; `picks` and `most` are the cells of its picks and the points."""
    return f"IF({scope.total}=0,0,{_NORMALISERS[rule.normaliser](rule, scope, picks, most)})"


def _linear_to_leader(_rule: PublicPoints, scope: Scope, picks: str, most: str) -> str:
    return f"{most}*{picks}/{scope.highest(scope.picks)}"


def _share(_rule: PublicPoints, scope: Scope, picks: str, most: str) -> str:
    return f"{most}*{picks}/{scope.total}"


def _min_max(_rule: PublicPoints, scope: Scope, picks: str, most: str) -> str:
    leader = scope.highest(scope.picks)
    distance = scope.highest(f"{leader}-{scope.picks}")
    return f"IF({distance}=0,{most},{most}*({picks}-{leader}+{distance})/{distance})"


def _rank_linear(rule: PublicPoints, scope: Scope, picks: str, most: str) -> str:
    entries = scope.number()
    place = f"1+{scope.number(f'>{picks}')}"
    if rule.ties == "mean":
        place += f"+({scope.number(f'={picks}')}-1)/2"
    return f"{most}*({entries}-({place})+1)/{entries}"


def _rank_step(rule: PublicPoints, scope: Scope, picks: str, _most: str) -> str:
    places, steps = (",".join(map(str, numbers)) for numbers in (range(1, len(rule.steps) + 1), rule.steps))
    if not steps:
        return "0"
    better = scope.number(f">{picks}")
    if rule.ties == "shared":
        return f"SUMPRODUCT({{{steps}}}*({{{places}}}={better}+1))"
    equals = scope.number(f"={picks}")
    return f"SUMPRODUCT({{{steps}}}*({{{places}}}>{better})*({{{places}}}<={better}+{equals}))/{equals}"


def _percentile(rule: PublicPoints, scope: Scope, picks: str, most: str) -> str:
    beaten = scope.number(f"<{picks}")
    if rule.ties == "mean":
        beaten = f"({beaten}+({scope.number(f'={picks}')}-1)/2)"
    others = f"({scope.number()}-1)"
    return f"IF({others}=0,{most},{most}*{beaten}/{others})"


_NORMALISERS = {
    "linear_to_leader": _linear_to_leader,
    "rank_linear": _rank_linear,
    "rank_step": _rank_step,
    "share": _share,
    "min_max": _min_max,
    "percentile": _percentile,
}
