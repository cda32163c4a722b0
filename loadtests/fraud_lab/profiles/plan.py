"""The number and sizes of the campaigns and crowds of a world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from loadtests.fraud_lab.families.family import Family

SMALL = (40, 350)
# Campaigns have at least this many ballots on average.
_WORTH = 150
_EXTRA = 0.4
_SMALL_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Planned:
    """One campaign or crowd."""

    family: str
    ballots: int


def attacks(random: np.random.Generator, kinds: Mapping[str, Family], budget: int, small: bool) -> list[Planned]:
    """Campaigns of about `budget` ballots in all; with `small` each of 40 to 350, else some."""
    if not kinds or budget < SMALL[0]:
        return []
    if small:
        return _all_small(random, list(kinds), budget)
    extras = [Planned(name, _size(random, SMALL)) for name in kinds for _ in range(2) if random.random() < _EXTRA]
    random.shuffle(extras)
    kept: list[Planned] = []
    for each in extras:
        if sum(one.ballots for one in kept) + each.ballots <= budget * _SMALL_SHARE:
            kept.append(each)
    rest = budget - sum(one.ballots for one in kept)
    return kept + _scaled(_wanted(random, kinds, rest), rest)


def gatherings(random: np.random.Generator, kinds: Mapping[str, Family], budget: int) -> list[Planned]:
    """Crowds of at most `budget` ballots in all."""
    wanted = _wanted(random, kinds, budget)
    return _scaled(wanted, min(budget, sum(each.ballots for each in wanted)))


def _size(random: np.random.Generator, sizes: tuple[int, int]) -> int:
    return int(np.exp(random.uniform(np.log(sizes[0]), np.log(sizes[1]))))


def _wanted(random: np.random.Generator, kinds: Mapping[str, Family], budget: int) -> list[Planned]:
    """One of each family, then more until the budget is used; each has a size of its own."""
    first = [Planned(name, _size(random, kind.sizes)) for name, kind in kinds.items()]
    more = [
        Planned(name, _size(random, kind.sizes))
        for name, kind in kinds.items()
        for _ in range(int(random.integers(kind.instances[0], kind.instances[1] + 1)) - 1)
    ]
    random.shuffle(first)
    random.shuffle(more)
    sizes = np.cumsum([each.ballots for each in first + more])
    lasts = max(len(first), int(np.searchsorted(sizes, budget)) + 1)
    return (first + more)[: min(lasts, max(1, budget // _WORTH))]


def _scaled(wanted: Sequence[Planned], budget: int) -> list[Planned]:
    total = sum(each.ballots for each in wanted)
    scale = budget / max(1, total)
    return [Planned(each.family, max(SMALL[0], round(each.ballots * scale))) for each in wanted]


def _all_small(random: np.random.Generator, names: Sequence[str], budget: int) -> list[Planned]:
    found: list[Planned] = []
    while budget >= SMALL[0]:
        for name in random.permutation(np.array(names)):
            size = min(budget, _size(random, SMALL))
            if size >= SMALL[0]:
                found.append(Planned(str(name), size))
                budget -= size
    return found
