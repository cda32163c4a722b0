"""A whole world: the number of ballots of each group, and all groups together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import polars as pl

from loadtests.fraud_lab.profiles.composer.catalogue import ATTACKS, CROWDS
from loadtests.fraud_lab.profiles.composer.groups import make_group
from loadtests.fraud_lab.profiles.composer.traits import Family, Traits, draw, log_uniform
from loadtests.fraud_lab.profiles.rows import PUBLIC, Label, Rows
from loadtests.fraud_lab.simulator.scene import Scene
from loadtests.fraud_lab.simulator.world import DAYS, World

_SMALL = (40, 350)
_LEAST = {"script": 40, "paid": 40, "crowd": 20}
_PAID = ATTACKS["Z2"]
# Columns that a contest may lack as a whole, and how often.
_LACKING = (
    (("opened_at",), 0.04),
    (("challenge_passed", "challenge_ms"), 0.25),
    (("screen", "dpr", "languages", "timezone", "platform"), 0.08),
    (("hosting",), 0.05),
    (("device_issued_at",), 0.05),
    (("device", "device_issued_at"), 0.03),
    (("channel",), 0.04),
    (("sec_fetch_site",), 0.06),
    (("origin", "referer"), 0.08),
    (("referer",), 0.08),
    (("accept_language",), 0.03),
)


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
) -> World:
    """A world of `ballots`, a share `fraud` of them by campaigns, of 40 to 350 ballots each with `small`; 20-45 % of
    the honest ballots are by crowds."""
    random = np.random.default_rng([seed, 0xC0])
    scene = Scene(random, int(random.integers(50, 301)), DAYS)
    rows, bad = Rows(scene, "day"), round(ballots * fraud)
    for label, traits, size in _groups(random, ATTACKS, _sizes(random, ATTACKS, bad, small=small)):
        rows.add(label, make_group(scene, traits, size))
    crowds = int((ballots - rows.valid()) * random.uniform(0.22, 0.43))
    for label, traits, size in _groups(random, CROWDS, _sizes(random, CROWDS, crowds, small=False)):
        rows.add(label, make_group(scene, traits, size))
    public = Traits(returning=log_uniform(random, 0.05, 0.6))
    rows.add(PUBLIC, make_group(scene, public, max(1, ballots - rows.valid())))
    world = rows.world(ballots)
    lacking = [name for names, chance in _LACKING if random.random() < chance for name in names]
    nothing = (pl.lit(None, world.events.schema[name]).alias(name) for name in dict.fromkeys(lacking))
    return replace(world, events=world.events.with_columns(nothing))


def _sizes(
    random: np.random.Generator, families: Mapping[str, Family], budget: int, *, small: bool
) -> Iterator[tuple[str, int]]:
    """Families in turn, each at least once if `budget` allows it, none with more than its part of the world."""
    least = min(_LEAST[family.kind] for family in families.values())
    # In turn: a family missing from a world would go untested.
    turns: list[str] = []
    share = budget * min(1.3 / len(families), 0.08)
    while budget >= least:
        turns = turns or [str(name) for name in random.permutation(list(families))]
        name = turns.pop()
        low, high = _SMALL if small else families[name].size
        if not small:
            high = min(high, max(least, share))
        size = min(budget, round(log_uniform(random, max(least, min(low, 0.3 * high)), max(least, high))))
        yield name, size
        budget -= size


def _groups(
    random: np.random.Generator, families: Mapping[str, Family], sizes: Iterator[tuple[str, int]]
) -> Iterator[tuple[Label, Traits, int]]:
    """Each instance with traits of its own; the halves of a hybrid favour the same entries."""
    made = Counter[str]()
    for name, size in sizes:
        family = families[name]
        made[name] += 1
        label = Label(family.kind != "crowd", name, f"{name}#{made[name]}", family.scripted)
        traits = draw(random, family)
        if family.hybrid:
            paid = replace(draw(random, _PAID), whom=traits.whom, clients=traits.clients, favours=traits.favours)
            half = round(size * random.uniform(0.3, 0.7))
            yield label, paid, half
            size -= half
        yield label, traits, size
