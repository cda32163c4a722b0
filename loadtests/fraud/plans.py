"""The worlds that a policy's trees are fitted on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import polars as pl

from loadtests.fraud.mutations import mutated
from loadtests.fraud.worlds import HANDS, WITHHELD, table_of


class Plan(NamedTuple):
    """One world to learn from; `hand`: who makes it; with `small` each campaign has 40 to 350 ballots."""

    hand: str
    seed: int
    ballots: int
    fraud: float
    small: bool

    @property
    def name(self) -> str:
        """No other plan has it, nor had this one when it was another world."""
        return f"{self.hand}_{self.seed}_{self.ballots}_{self.fraud}{'_small' if self.small else ''}"

    def world(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Its ballots, some mutated, and their labels, in the order of time."""
        short = {"days": 3} if self.hand == "traffic" and self.seed % 3 == 0 else {}
        made = HANDS[self.hand](self.seed, self.ballots, self.fraud, small=self.small, **short)
        changed = mutated(table_of(made), made.labels, np.random.default_rng(self.seed))
        order = changed["at"].arg_sort()
        return few_kinds(changed[order], made.labels[order], self.seed)


_LEARNT = tuple(hand for hand in HANDS if hand not in WITHHELD)
# Who kept close to the research page: so do most contests.
CLOSE = ("traffic", "foreign", "literal", "stranger", "newcomer", "outsider")
# How many of the families of attacks are in a world, by its seed. In most contests few are tried: a crowd that looks
# like bought votes is then seen where none are bought.
_KINDS = (1.0, 0.15, 0.35, 0.6)


def few_kinds(ballots: pl.DataFrame, labels: pl.DataFrame, seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Some of the families of attacks, and everybody honest."""
    attacks = labels.filter("fraud")["family"].unique().sort()
    out = attacks.filter(pl.Series(np.random.default_rng([seed, 7]).random(len(attacks)) >= _KINDS[seed % len(_KINDS)]))
    kept = ~labels["family"].is_in(out.implode())
    return ballots.filter(kept), labels.filter(kept)


def _large() -> Iterator[Plan]:
    """Contests of all sizes, with little, with much and without fraud."""
    for number in range(16):
        small = number % 5 in (2, 4)
        fraud = (0.22, 0.1, 0.3, 0.0, 0.45, 0.05, 0.25)[number % 7] if number % 5 != 4 else 0.05
        for place, hand in enumerate(_LEARNT):
            ballots = (120_000, 20_000, 60_000, 30_000, 150_000)[(number + 2 * place) % 5]
            yield Plan(hand, 1001 + number, ballots, fraud, small)


def _very_large_and_honest() -> Iterator[Plan]:
    """In a large contest a campaign is a small part; and most contests are honest."""
    kinds = ((400_000, 0.22), (250_000, 0.22), (120_000, 0.0), (60_000, 0.0), (250_000, 0.0))
    for number, (ballots, fraud) in enumerate(kinds):
        for hand in _LEARNT:
            yield Plan(hand, 1031 + number, ballots, fraud, small=False)


def _small() -> Iterator[Plan]:
    """In a small contest a crowd is a large part: what is chance in one is seen in others."""
    for number in range(18):
        fraud = (0.22, 0.1, 0.3, 0.0, 0.2, 0.05, 0.15)[number % 7]
        for place, hand in enumerate(_LEARNT):
            ballots = (20_000, 30_000, 40_000, 60_000, 25_000)[(number + place) % 5]
            yield Plan(hand, 1101 + number, ballots, fraud, small=False)


def _more() -> Iterator[Plan]:
    """What differs from contest to contest is learnt by contests, not by ballots."""
    for number in range(32):
        fraud = (0.22, 0.12, 0.5, 0.04, 0.3, 0.18, 0.4, 0.08, 0.22)[number % 9]
        for place, hand in enumerate(_LEARNT):
            ballots = (40_000, 60_000, 30_000, 80_000, 50_000)[(number + place) % 5]
            yield Plan(hand, 1201 + number, ballots, fraud, small=fraud < 0.1)


def _more_of_the_close() -> Iterator[Plan]:
    """As large as contests mostly are: of each close hand half as many worlds again."""
    for number in range(32):
        fraud = (0.22, 0.25, 0.12, 0.22, 0.45, 0.05, 0.2)[number % 7]
        for place, hand in enumerate(CLOSE):
            ballots = (60_000, 100_000, 40_000, 150_000, 80_000)[(number + place) % 5]
            yield Plan(hand, 1301 + number, ballots, fraud, small=number % 5 == 3)


def _apart(plan: Plan) -> tuple[str, int, int]:
    """Hand by hand, and those of as many kinds together: every other of them is in one half (fit.py)."""
    return plan.hand, plan.seed % len(_KINDS), plan.seed


PLANS = tuple(sorted((*_large(), *_very_large_and_honest(), *_small(), *_more(), *_more_of_the_close()), key=_apart))
