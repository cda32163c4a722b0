"""The simulated worlds that a policy's trees are fitted on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from loadtests.fraud_lab.profiles import HELD_OUT, PROFILES
from loadtests.fraud_lab.simulator.table import ballot_table
from loadtests.fraud_lab.training.augmentation import augmented

LEARNT = tuple(profile for profile in PROFILES if profile not in HELD_OUT)
# The profile that keeps to the research page, as most contests do: half of what the certification asks is fitted on it.
CLOSE = ("standard",)
# How many of the attack families are in a world, by its seed. In most contests few are tried: trees must see crowds
# that look like bought votes where none are bought.
_KINDS = (1.0, 0.15, 0.35, 0.6)


class Plan(NamedTuple):
    """One world to learn from. With `small` each campaign has 40 to 350 ballots."""

    profile: str
    seed: int
    ballots: int
    fraud: float
    small: bool

    @property
    def name(self) -> str:
        """Names the intermediate files: different worlds have different names."""
        return f"{self.profile}_{self.seed}_{self.ballots}_{self.fraud}{'_small' if self.small else ''}"

    @property
    def is_close(self) -> bool:
        """Whether it is of a profile in CLOSE."""
        return self.profile in CLOSE

    def world(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Its ballots, some augmented, and their labels, in the order of time."""
        short = {"days": 3} if self.profile == "standard" and self.seed % 3 == 0 else {}
        made = PROFILES[self.profile](self.seed, self.ballots, self.fraud, small=self.small, **short)
        changed = augmented(ballot_table(made), made.labels, np.random.default_rng(self.seed))
        order = changed["at"].arg_sort()
        return few_kinds(changed[order], made.labels[order], self.seed)


def few_kinds(ballots: pl.DataFrame, labels: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All honest ballots, and those of some of the attack families."""
    attacks = labels.filter("fraud")["family"].unique().sort()
    out = attacks.filter(pl.Series(np.random.default_rng([seed, 7]).random(len(attacks)) >= _KINDS[seed % len(_KINDS)]))
    kept = ~labels["family"].is_in(out.implode())
    return ballots.filter(kept), labels.filter(kept)


class _Block(NamedTuple):
    """Worlds of consecutive seeds, whose sizes and shares of fraud take turns; one in `small` has small campaigns."""

    first: int
    worlds: int
    sizes: tuple[int, ...]
    fraud: tuple[float, ...]
    small: int = 0
    profiles: tuple[str, ...] = LEARNT

    def plans(self) -> Iterator[Plan]:
        for number in range(self.worlds):
            small = bool(self.small) and number % self.small == self.small - 1
            for place, profile in enumerate(self.profiles):
                ballots = self.sizes[(number + 2 * place) % len(self.sizes)]
                yield Plan(profile, self.first + number, ballots, self.fraud[number % len(self.fraud)], small)


_BLOCKS = (
    # Contests of all sizes, with little, with much and without fraud.
    _Block(1001, 32, (120_000, 20_000, 60_000, 30_000, 150_000), (0.22, 0.1, 0.3, 0.0, 0.45, 0.05, 0.25), small=3),
    # In a large contest a campaign is a small part, and most contests are honest.
    _Block(1041, 10, (400_000, 250_000, 120_000, 60_000, 250_000), (0.22, 0.0, 0.22, 0.0, 0.0)),
    # In a small contest a crowd is a large part; more contests show what is chance in one.
    _Block(1101, 36, (20_000, 30_000, 40_000, 60_000, 25_000), (0.22, 0.1, 0.3, 0.0, 0.2, 0.05, 0.15)),
    _Block(
        1201, 64, (40_000, 60_000, 30_000, 80_000, 50_000), (0.22, 0.12, 0.5, 0.04, 0.3, 0.18, 0.4, 0.08, 0.22), small=4
    ),
    # As large as most contests are.
    _Block(1301, 64, (60_000, 100_000, 40_000, 150_000, 80_000), (0.22, 0.25, 0.12, 0.45, 0.05, 0.2, 0.22), 5, CLOSE),
)


def _by_halves(plan: Plan) -> tuple[str, int, int]:
    """Sorts worlds so that every other one is a fair half: fit.py fits on each half what it then asks of the other."""
    return plan.profile, plan.seed % len(_KINDS), plan.seed


PLANS = tuple(sorted((plan for block in _BLOCKS for plan in block.plans()), key=_by_halves))
