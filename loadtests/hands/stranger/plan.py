"""Which crowds and campaigns a world has, and how large they are."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from loadtests.hands.stranger import gatherings, hands, inventions, lookalikes, programs
from loadtests.hands.stranger.dice import Rng
from loadtests.hands.stranger.rows import Batch, Rows, admissible
from loadtests.hands.stranger.scene import Scene

Maker = Callable[[Scene, Rng, int], Rows]
_LEAST = 40
_SMALL = (46, 351)


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a family is made, and the ballots of one instance in a large contest."""

    make: Maker
    low: int
    high: int
    scripted: bool = False
    instances: tuple[int, int] = (2, 4)


CROWDS = {
    "L1": Recipe(lookalikes.office, 80, 1200, instances=(3, 5)),
    "L2": Recipe(lookalikes.school, 200, 1800),
    "L3": Recipe(lookalikes.carrier_crowd, 400, 3000),
    "L4": Recipe(lookalikes.wechat_group, 60, 480, instances=(5, 9)),
    "L5": Recipe(lookalikes.employer, 1500, 9000),
    "L6": Recipe(lookalikes.livestream, 2500, 9000, instances=(2, 3)),
    "L7": Recipe(lookalikes.deadline, 500, 3000, instances=(2, 3)),
    "L8": Recipe(lookalikes.kiosk, 300, 1800),
    "L9": Recipe(lookalikes.privacy, 300, 1500),
    "L10": Recipe(lookalikes.small_town, 200, 2000, instances=(3, 5)),
    "M1": Recipe(gatherings.fan_club, 400, 2500, instances=(1, 3)),
    "M2": Recipe(gatherings.hall, 200, 1500, instances=(1, 3)),
    "M3": Recipe(gatherings.overseas, 200, 1200, instances=(1, 3)),
    "M4": Recipe(gatherings.state_firm, 150, 1200, instances=(1, 3)),
}
ATTACKS = {
    "A1": Recipe(programs.single_host, 800, 4000, True),
    "A2": Recipe(programs.datacentre, 800, 4000, True),
    "A3": Recipe(programs.residential, 800, 4000, True),
    "A4": Recipe(programs.second_dial, 800, 4000, True),
    "A5": Recipe(hands.phone_farm, 900, 4500, True),
    "A7": Recipe(hands.click_farm, 1500, 6000),
    "A8": Recipe(hands.mutual_groups, 1500, 6000),
    "A9": Recipe(programs.blitz, 2000, 6000, True),
    "A10": Recipe(programs.drip, 2500, 6000, True),
    "A11": Recipe(programs.framing, 600, 3000, True),
    "A12": Recipe(programs.embed, 600, 3000, True),
    "A14": Recipe(programs.waves, 400, 3000, True),
    "A16": Recipe(programs.limit_hugger, 600, 4000, True),
    "A17": Recipe(programs.mimic, 600, 3000, True),
    "Z1": Recipe(inventions.protocol_accounts, 500, 3000, True),
    "Z2": Recipe(inventions.reward_wall, 400, 2500),
    "Z3": Recipe(inventions.net_cafe, 500, 3000),
    "Z4": Recipe(inventions.cloud_phones, 500, 3000, True),
    "Z5": Recipe(inventions.dongle_farm, 500, 3000, True),
    "Z6": Recipe(inventions.hoarded_tokens, 500, 3000, True),
    "Z7": Recipe(inventions.second_accounts, 400, 1200),
}


def _natural(rng: Rng, recipe: Recipe) -> float:
    """An instance's ballots in a large contest: small ones are more common."""
    return float(np.exp(rng.uniform(np.log(recipe.low), np.log(recipe.high))))


def _made(scene: Scene, seed: int, family: str, number: int, size: int) -> Batch:
    """One instance, from dice of its own."""
    recipe, fraud = (ATTACKS.get(family) or CROWDS[family]), family in ATTACKS
    instance = f"{family}#{number}"
    rng = np.random.default_rng([seed, zlib.crc32(instance.encode())])
    rows = admissible(recipe.make(scene, rng, size), scene.window)
    if len(rows) > size:
        rows = rows.take(np.sort(rng.permutation(len(rows))[:size]))
    return Batch(family, instance, fraud, recipe.scripted, rows)


def _rounds(rng: Rng, families: Sequence[str]) -> Iterator[tuple[str, int]]:
    """Every family once, in any order, then every one again, with the instance's number."""
    number = 0
    while True:
        number += 1
        for index in rng.permutation(len(families)):
            yield families[int(index)], number


def campaigns(scene: Scene, seed: int, budget: int, small: bool, families: Sequence[str] | None) -> list[Batch]:
    """Attacks of `budget` ballots in all."""
    rng = np.random.default_rng([seed, 2])
    chosen = [each for each in ATTACKS if families is None or each in families]
    made: list[Batch] = []
    if not chosen or budget < _LEAST:
        return made
    typical = float(np.mean([np.sqrt(ATTACKS[each].low * ATTACKS[each].high) * 1.15 for each in chosen]))
    scale = min(1.0, budget / (max(len(chosen), 8) * typical))
    for family, number in _rounds(rng, chosen):
        size = int(rng.integers(*_SMALL)) if small else max(2 * _LEAST, round(_natural(rng, ATTACKS[family]) * scale))
        batch = _made(scene, seed, family, number, min(size, budget))
        made.append(batch)
        budget -= len(batch.rows)
        if budget < _LEAST:
            return made
    raise AssertionError


def crowds(scene: Scene, seed: int, honest: int) -> list[Batch]:
    """Honest crowds: L1 to L10 are 20 to 45 % of the honest ballots together, M1 to M4 some more."""
    rng = np.random.default_rng([seed, 3])
    made: list[Batch] = []
    for letter, share in (("L", rng.uniform(0.22, 0.43)), ("M", rng.uniform(0.02, 0.07))):
        names = [family for family in CROWDS if family.startswith(letter)]
        counts = {family: int(rng.integers(*CROWDS[family].instances, endpoint=True)) for family in names}
        listed = [(family, number + 1) for family, count in counts.items() for number in range(count)]
        plan = [(family, number, _natural(rng, CROWDS[family])) for family, number in listed]
        scale = share * honest / sum(size for _, _, size in plan)
        # More of them rather than larger ones, where a group has a natural limit.
        for family, number, size in plan:
            wanted = round(min(size * scale, 1.3 * CROWDS[family].high))
            made.append(_made(scene, seed, family, number, max(wanted, min(30, 5 + honest // 600))))
    return made
