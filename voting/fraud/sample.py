"""A random sample of voters who are asked to confirm that they are people: whom it is of, and what it says.

A keyed coin decides who is asked, so that nobody can foresee it, and invented voters cannot answer. A cell is the
ballots of an entry, or those of one day, channel, network or client among them. The estimates are made in
`voting.fraud.confirmation`, which loads numpy; web workers need these shapes only.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from voting.fraud.facts.facts import Facts

Kind = Literal["entry", "day", "channel", "network", "client"]


class Cell(NamedTuple):
    """An entry's ballots (`value` is empty), or those of one day, channel, network or client among them."""

    kind: Kind
    entry: str
    value: str = ""

    @property
    def id(self) -> str:
        """A name for commands."""
        return hashlib.sha256("\0".join(self).encode()).hexdigest()[:12]


class Asked(NamedTuple):
    """A voter who was asked: with which chance, and how many counted picks in each cell."""

    channel: str
    share: float
    confirmed: bool
    picks: Mapping[Cell, int]


@dataclass(frozen=True, slots=True)
class Rules:
    """When a cell is believed to have invented voters. `material`: the least share of them that matters."""

    least_asked: int = 6
    material: float = 0.1
    confidence: float = 0.95
    """Of the interval."""
    suspects: float = 0.2
    """The false discovery rate at which more voters of the cell are asked."""
    names: float = 0.01
    """The false discovery rate at which people must decide about the cell."""
    step: float = 5.0
    """How much more are asked in a suspected cell, each time."""


RULES = Rules()


class Estimate(NamedTuple):
    """A cell's answers beside those elsewhere, and the share of its voters who are invented."""

    cell: Cell
    asked: int
    confirmed: int
    elsewhere: float
    """The rate at which people of the same channels confirm in the rest of the contest."""
    p_value: float
    low: float
    share: float
    high: float
    picks: int
    """The cell's counted picks, as the sample gives them."""
    is_suspected: bool
    is_named: bool


def cells_of(entry: str, day: str, channel: str, network: str | None, client: str | None) -> tuple[Cell, ...]:
    """Returns the cells of a pick."""
    values: tuple[tuple[Kind, str | None], ...] = (
        ("day", day),
        ("channel", channel),
        ("network", network),
        ("client", client),
    )
    return (Cell("entry", entry), *(Cell(kind, entry, value) for kind, value in values if value))


def client_of(facts: Facts) -> str | None:
    """Returns the name of a ballot's client in cells; None if nothing is known of it."""
    return f"{facts.fingerprint:x}" if facts.agent or facts.client else None


def raised(share: float, rules: Rules = RULES) -> float:
    """Returns the share asked next in a suspected cell: in a few steps all of its voters."""
    return min(1.0, share * rules.step)
