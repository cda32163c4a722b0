"""How many ballots each campaign and each crowd has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from loadtests.hands.literal.scene import Scene

# Ballots of a campaign in a world of `small`.
SMALL = (40, 350)
LEAST = 30
_CAMPAIGNS: dict[str, tuple[float, float]] = {
    "A1": (800, 4000),
    "A2": (2000, 4000),
    "A3": (2000, 4000),
    "A4": (2000, 4000),
    "A5": (900, 3000),
    "A7": (3500, 8000),
    "A8": (4500, 9000),
    "A9": (2000, 7000),
    "A10": (2500, 6000),
    "A11": (1500, 3500),
    "A12": (1000, 3000),
    "A14": (300, 1500),
    "A16": (1000, 3000),
    "A17": (500, 1000),
    "U1": (1000, 3000),
    "U2": (1000, 3000),
    "U3": (800, 2500),
    "U4": (800, 2500),
    "U5": (1000, 3000),
    "U6": (1000, 3000),
}
_Random = np.random.Generator
# How many crowds of a kind there are, and how many ballots one has in a world of full size.
_CROWDS: dict[str, tuple[int, Callable[[_Random], float]]] = {
    "L1": (4, lambda random: random.uniform(40, 700) * 1.55),
    "L2": (3, lambda random: random.uniform(200, 1800)),
    "L3": (3, lambda random: random.uniform(500, 3000)),
    "L4": (6, lambda random: random.uniform(80, 500)),
    "L5": (3, lambda random: random.uniform(300, 2500) * 5),
    "L6": (2, lambda random: random.uniform(3000, 12000)),
    "L7": (2, lambda random: random.uniform(1000, 4000)),
    "L8": (3, lambda random: random.uniform(60, 250) * int(random.integers(3, 11))),
    "L9": (3, lambda random: random.uniform(300, 1500)),
    "L10": (3, lambda random: random.uniform(200, 1500)),
}
_CROWDS_MOST = 0.4


def campaigns(scene: Scene, wanted: int, families: Sequence[str], *, small: bool) -> list[tuple[str, int]]:
    """The family and the size of each campaign, together about `wanted` ballots."""
    if wanted <= 0 or not families:
        return []
    random = scene.random

    def drawn(family: str) -> tuple[str, float]:
        return family, float(random.uniform(*(SMALL if small else _CAMPAIGNS[family])))

    # Waves are bought several at a time.
    plan = [drawn(each) for each in families for _ in range(3 if each == "A14" and not small else 1)]
    # What is not judged shall not grow with the world.
    more = [each for each in families if each != "A17"] or list(families)
    while sum(size for _, size in plan) < wanted - (100 if small else 0):
        plan.append(drawn(str(random.choice(more))))
    factor = wanted / sum(size for _, size in plan)
    if small:
        return [(family, int(np.clip(size * factor, *SMALL))) for family, size in plan]
    return [(family, max(LEAST, round(size * factor))) for family, size in plan]


def crowds(scene: Scene, genuine: int, families: Sequence[str]) -> list[tuple[str, int]]:
    """The family and the size of each look-alike, together not too much of the genuine ballots."""
    plan = [(family, _CROWDS[family][1](scene.random)) for family in families for _ in range(_CROWDS[family][0])]
    factor = min(1.0, _CROWDS_MOST * genuine / max(1.0, sum(size for _, size in plan)))
    return [(family, max(LEAST, round(size * factor))) for family, size in plan]
