"""A whole world: how many ballots each group has, and all groups together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from loadtests.fraud_lab.profiles.composer.catalogue import ATTACKS, CROWDS
from loadtests.fraud_lab.profiles.composer.families import Family, Traits, draw
from loadtests.fraud_lab.profiles.composer.groups import Columns, make_group
from loadtests.fraud_lab.profiles.composer.setting import Setting, log_uniform, make_setting
from loadtests.fraud_lab.profiles.composer.texts import events, names
from loadtests.fraud_lab.simulator.world import World

_SMALL = (40, 350)
_LEAST = {"script": 40, "paid": 40, "crowd": 20}
_PAID = ATTACKS["Z2"]


@dataclass(frozen=True, slots=True)
class _Part:
    """A group to make: its size, traits and label."""

    size: int
    traits: Traits
    fraud: bool
    family: str
    instance: str
    scripted: bool


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
    families: Sequence[str] | None = None,
) -> World:
    """A world of `ballots`, a share `fraud` of them by campaigns of `families` (all by default), of 40 to 350 ballots
    each where `small`; 20-45 % of the honest ballots are by crowds that look alike."""
    rng = np.random.default_rng(seed)
    setting = make_setting(rng, ballots)
    bad = round(ballots * fraud)
    chosen = {name: family for name, family in ATTACKS.items() if families is None or name in families}
    parts = list(_parts(rng, chosen, _sizes(rng, chosen, bad, small=small)))
    honest = ballots - sum(part.size for part in parts)
    crowds = _sizes(rng, CROWDS, int(honest * rng.uniform(0.22, 0.43)), small=False)
    parts += _parts(rng, CROWDS, crowds)
    rest = ballots - sum(part.size for part in parts)
    public = Traits(returning=setting.returning)
    parts.append(_Part(rest, public, False, "background", "background", False))
    return _assemble(rng, setting, parts)


def _sizes(
    rng: np.random.Generator, families: Mapping[str, Family], budget: int, *, small: bool
) -> Iterator[tuple[str, int]]:
    """Families in turn, each at least once where `budget` allows it, none with more than its part of a world so big."""
    least = min((_LEAST[family.kind] for family in families.values()), default=1)
    # In turn: a family missing from a world would go untested.
    turns: list[str] = []
    share = budget * (min(1.3 / len(families), 0.08) if len(families) > 2 else 0.5)
    while families and budget >= least:
        turns = turns or [str(name) for name in rng.permutation(list(families))]
        name = turns.pop()
        low, high = _SMALL if small else families[name].size
        if not small:
            high = min(high, max(least, share))
        size = min(budget, round(log_uniform(rng, max(least, min(low, 0.3 * high)), max(least, high))))
        yield name, size
        budget -= size


def _parts(
    rng: np.random.Generator, families: Mapping[str, Family], sizes: Iterator[tuple[str, int]]
) -> Iterator[_Part]:
    """Each instance with traits of its own; a hybrid's halves favour the same entries."""
    made: dict[str, int] = {}
    for name, size in sizes:
        family, made[name] = families[name], made.get(name, 0) + 1
        label = (family.kind != "crowd", name, f"{name}#{made[name]}", family.scripted)
        traits = draw(rng, family)
        if family.hybrid:
            paid = replace(draw(rng, _PAID), whom=traits.whom, clients=traits.clients, favours=traits.favours)
            half = round(size * rng.uniform(0.3, 0.7))
            yield _Part(half, paid, *label)
            size -= half
        yield _Part(size, traits, *label)


def _assemble(rng: np.random.Generator, setting: Setting, parts: Sequence[_Part]) -> World:
    """All groups in one time order; each group's voters and devices are its own."""
    groups: list[Columns] = []
    voters = devices = 0
    for part in parts:
        group = make_group(rng, setting, part.traits, part.size)
        group |= {"voter": group["voter"] + voters, "device": group["device"] + devices}
        voters, devices = int(group["voter"].max()) + 1, int(group["device"].max()) + 1
        groups.append(group)
    columns = {name: np.concatenate([group[name] for group in groups]) for name in groups[0]}
    order = np.argsort(columns["at"], kind="stable")
    entries = names(rng, len(setting.popularity)).str.slice(0, 8).to_list()
    rows = events(rng, setting, {name: column[order] for name, column in columns.items()}, entries)
    which = np.repeat(np.arange(len(parts)), [part.size for part in parts])[order]
    shown = ("fraud", "family", "instance", "scripted")
    labels = pl.DataFrame({name: [getattr(part, name) for part in parts] for name in shown})[which]
    return World(rows, labels.insert_column(0, rows["id"]), entries, setting.opens, setting.closes, "day")
