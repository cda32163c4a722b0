"""The outcome of a scenario: figures, goals, and defects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from loadtests.report import table


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
    """The machine may be the cause of a missed goal, never of a fault."""

    name: str
    figures: Mapping[str, object]
    goals: Sequence[Goal] = ()
    faults: Sequence[str] = ()

    def as_json(self) -> dict[str, object]:
        """For the file of results."""
        goals = [{**asdict(goal), "met": goal.met} for goal in self.goals]
        return {"figures": self.figures, "goals": goals, "faults": self.faults}


def faults(counts: Mapping[str, int]) -> list[str]:
    """The counts that are not zero, as text."""
    return [f"{count} {what}" for what, count in counts.items() if count]


def goals_table(outcomes: Sequence[Outcome]) -> str:
    """The goals in Markdown."""
    rows = []
    for outcome in outcomes:
        for goal in outcome.goals:
            sign, verdict = "≥" if goal.at_least else "≤", "met" if goal.met else "**missed**"
            measured, bound = f"{goal.measured:,g} {goal.unit}", f"{sign} {goal.bound:,g} {goal.unit}"
            rows.append((outcome.name, goal.what, measured, bound, verdict))
    return table(("scenario", "what", "measured", "goal", ""), rows)
