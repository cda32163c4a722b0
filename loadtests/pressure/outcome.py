"""What a scenario found: its figures, how they stand to the goals, and what is wrong whatever the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Goal:
    """A figure and its bound: at most, or at least."""

    what: str
    measured: float
    bound: float
    unit: str
    at_least: bool = False

    @property
    def met(self) -> bool:
        """Whether the figure is within the bound."""
        return self.measured >= self.bound if self.at_least else self.measured <= self.bound


@dataclass(frozen=True)
class Outcome:
    """A scenario's. A goal that is missed may be the machine's; a fault never is."""

    name: str
    figures: Mapping[str, object]
    goals: Sequence[Goal] = ()
    faults: Sequence[str] = ()

    def as_json(self) -> dict[str, object]:
        """For the results' file."""
        goals = [
            {"what": goal.what, "measured": goal.measured, "bound": goal.bound, "unit": goal.unit, "met": goal.met}
            for goal in self.goals
        ]
        return {"figures": self.figures, "goals": goals, "faults": self.faults}


@dataclass
class Series:
    """Times in seconds."""

    times: list[float] = field(default_factory=list)

    def milliseconds(self, share: float) -> float:
        """The time within which `share` of them lie; 0 where there are none."""
        ordered = sorted(self.times)
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1) if ordered else 0.0


def table(outcomes: Sequence[Outcome]) -> str:
    """The goals in Markdown."""
    rows = ["| scenario | what | measured | goal | |", "|---|---|---:|---:|---|"]
    for outcome in outcomes:
        for goal in outcome.goals:
            sign, verdict = "≥" if goal.at_least else "≤", "met" if goal.met else "**missed**"
            measured, bound = f"{goal.measured:,g} {goal.unit}", f"{sign} {goal.bound:,g} {goal.unit}"
            rows.append(f"| {outcome.name} | {goal.what} | {measured} | {bound} | {verdict} |")
    return "\n".join(rows)
