"""Families by name, and how many of which size a world gets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from loadtests.fraud_lab.profiles.assessor.base import Rows
from loadtests.fraud_lab.profiles.assessor.stage import Stage

Maker = Callable[[Stage, int], Rows]
SMALL = (40, 350)


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of campaign or crowd: `make` casts exactly this number of ballots, usually between `least` and `most`."""

    make: Maker
    least: int
    most: int
    scripted: bool

    def size(self, rng: np.random.Generator, scale: float) -> int:
        """A usual number of ballots in a contest of this scale."""
        return int(np.exp(rng.uniform(np.log(self.least), np.log(self.most))) * scale)


def register(
    families: dict[str, Family], name: str, sizes: tuple[int, int], scripted: bool
) -> Callable[[Maker], Maker]:
    """Puts the decorated maker among the families."""

    def add(make: Maker) -> Maker:
        families[name] = Family(make, *sizes, scripted)
        return make

    return add


def campaigns(
    rng: np.random.Generator, families: dict[str, Family], budget: int, scale: float, small: bool
) -> list[tuple[str, int]]:
    """Names and sizes of the campaigns that make up the budget: every family once (the slow drip first), then at
    random. Small campaigns have 6 % of the budget, or all of it."""
    names = sorted(families, key=lambda name: (name != "A10", rng.random()))
    cap, left, made = max(SMALL[1], budget // 8), budget, list[tuple[str, int]]()
    turns = chain(names, iter(lambda: str(rng.choice(names)), ""))
    while left > 0:
        few = small or left > 0.94 * budget
        size = int(np.exp(rng.uniform(*np.log(SMALL))))
        name = next(turns) if small or not few else str(rng.choice(names))
        if not few:
            size = max(size, min(families[name].size(rng, scale), int(cap * rng.uniform(0.6, 1))))
        if left - size < SMALL[0]:
            size = left // 2 if small and left > SMALL[1] else left
        made.append((name, size))
        left -= size
    return made


def crowds(rng: np.random.Generator, families: dict[str, Family], honest: int, scale: float) -> list[tuple[str, int]]:
    """Names and sizes of the crowds: every family at least once, together about a third of the honest ballots, and
    each at most a few per cent of them."""
    budget = rng.uniform(0.25, 0.4) * honest
    cap = 0.04 * honest

    def size(name: str) -> int:
        return max(20, min(families[name].size(rng, scale), int(cap * rng.uniform(0.4, 1))))

    names: Sequence[str] = sorted(families)
    made = [(name, size(name)) for name in names]
    excess = max(1.0, sum(each for _, each in made) / budget)
    made = [(name, max(20, int(each / excess))) for name, each in made]
    left = budget - sum(each for _, each in made)
    while left > 0:
        name = str(rng.choice(names))
        made.append((name, size(name)))
        left -= made[-1][1]
    return made
