"""Which instances a world has, and how many ballots each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from loadtests.hands.newcomer.families import Family
from loadtests.hands.newcomer.scene import Scene

_LEAST = 40
Plan = list[tuple[str, int]]


def small_ones(scene: Scene, target: int, names: list[str]) -> Plan:
    """Small campaigns, the families in turn, until the ballots are used up."""
    chosen: Plan = []
    while target >= _LEAST:
        for name in scene.rng.permutation(names):
            size = int(min(target, np.exp(scene.rng.uniform(np.log(42), np.log(343)))))
            if size < _LEAST:
                break
            chosen.append((str(name), size))
            target -= size
    return chosen


def usual_ones(scene: Scene, target: int, families: Mapping[str, Family]) -> Plan:
    """One instance of each family (smaller where they do not fit), then more until `target` is reached."""
    if target < _LEAST or not families:
        return []
    sizes = {name: _natural(scene, families[name]) for name in _fitting(scene, target, families)}
    if sum(sizes.values()) >= target:
        _scale_down(sizes, target, families)
        return list(sizes.items())
    return _filled_up(scene, sizes, target, families)


def _natural(scene: Scene, family: Family) -> int:
    """A usual size."""
    return int(np.clip(scene.ranged(family.low, family.high), family.least, family.high * 2))


def _fitting(scene: Scene, target: int, families: Mapping[str, Family]) -> list[str]:
    """As many families as fit with their least sizes, at least one."""
    names = [str(each) for each in scene.rng.permutation(sorted(families))]
    while names and sum(families[name].least for name in names) > target:
        names.pop()
    return names or [min(families, key=lambda each: families[each].least)]


def _scale_down(sizes: dict[str, int], target: int, families: Mapping[str, Family]) -> None:
    """Makes all smaller, none below its least; those that reach it leave more to the others."""
    for _ in range(20):
        free = [name for name in sizes if sizes[name] > families[name].least]
        excess = sum(sizes.values()) - target
        if excess <= 0 or not free:
            break
        factor = max(0.0, 1 - excess / sum(sizes[name] for name in free))
        for name in free:
            sizes[name] = max(families[name].least, int(sizes[name] * factor))


def _filled_up(scene: Scene, sizes: dict[str, int], target: int, families: Mapping[str, Family]) -> Plan:
    """More instances, rather of small families; what is too little for one goes to the last."""
    chosen, left = list(sizes.items()), target - sum(sizes.values())
    odds = np.array([1 / np.sqrt(families[name].low + families[name].high) for name in sizes])
    while left > 0:
        name = str(scene.rng.choice(list(sizes), p=odds / odds.sum()))
        size = _natural(scene, families[name])
        if left < families[name].least:
            last, had = chosen[-1]
            chosen[-1] = (last, had + left)
            break
        chosen.append((name, min(size, left)))
        left -= min(size, left)
    return chosen
