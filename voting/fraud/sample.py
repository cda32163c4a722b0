"""A random sample of voters who are asked to confirm that they are people: whom it is of, and what it says.

A keyed coin decides who is asked, so that nobody can foresee it, and invented voters cannot answer. It falls for each
voter and day, because a voter who comes back every day is worth as many ballots. A cell is an entry's ballots of one
channel, or those of one network among its ballots. (Days, clients and whole entries are no cells: in simulated contests
they found no attack that these do not, and crowds of people more often.) The estimates are made in
`voting.fraud.confirmation`, which loads numpy; web workers need these shapes only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["channel", "network"]


class Cell(NamedTuple):
    """An entry's ballots of one channel or network."""

    kind: Kind
    entry: str
    value: str

    @property
    def id(self) -> str:
        """A name for commands."""
        return hashlib.sha256("\0".join(self).encode()).hexdigest()[:12]


class Asked(NamedTuple):
    """A voter who was asked: with which chance, and the cells of the counted ballot that the coin fell for.

    The voter's other ballots say nothing more: they may be in cells where fewer are asked.
    """

    channel: str
    share: float
    confirmed: bool
    cells: frozenset[Cell]


@dataclass(frozen=True, slots=True)
class Rules:
    """When a cell is believed to have invented voters. `material`: the least share of them that matters."""

    least_asked: int = 6
    material: float = 0.1
    confidence: float = 0.95
    """Of the interval."""
    undecided: float = 0.2
    """Up to this significance a cell may have invented voters: the clearest are asked more."""
    names: float = 0.1
    """The false discovery rate at which a cell is found to have them (`voting.fraud.naming`)."""
    alone: float = 0.01
    """That at which one look suffices: a tenth of `names`, because a contest of ten days has at most about ten looks
    with mostly new answers. Longer contests have few more: the later a look, the more it shares with the one before."""
    clearest: int = 3
    """In how many cells more voters are asked at the same time."""
    raised: float = 0.3
    """The share asked in these."""
    budget: float = 0.006
    """As long as no more than this share of the contest's voters was asked because of it. The base sample is no part of
    this: the contest's file says how many of each day's voters it asks."""
    pressed: float = 0.2
    """Of the people who ignore a request, at least this share confirms once their vote depends on it: assumed, for the
    step. If it is too high, people lose ballots; if it is too low, invented ones stay."""


RULES = Rules()


class Estimate(NamedTuple):
    """A cell's answers beside those elsewhere, and the share of its voters who are invented."""

    cell: Cell
    asked: int
    confirmed: int
    elsewhere: float
    """The rate at which people of the same channels confirm in the rest of the contest."""
    p_value: float
    q_value: float
    """The least false discovery rate at which the cell is found."""
    low: float
    share: float
    high: float
    picks: int
    """The cell's counted picks, as the sample gives them."""


def cells_of(entry: str, channel: str, network: str | None) -> tuple[Cell, ...]:
    """Returns the cells of a pick."""
    cells = (Cell("channel", entry, channel),)
    return (*cells, Cell("network", entry, network)) if network else cells


def asked_for_it(base: float, share: float) -> float:
    """Returns the chance that a voter asked with `share` was so because that was raised above the file's `base`."""
    return max(0.0, 1 - base / share)


def to_decide(cells: Collection[Cell]) -> set[Cell]:
    """Returns those of cells with too few answers that people decide about: an entry's channels before its networks."""
    channels = {cell for cell in cells if cell.kind == "channel"}
    entries = {cell.entry for cell in channels}
    return channels | {cell for cell in cells if cell.entry not in entries}
