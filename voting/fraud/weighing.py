"""Adds up what was found of each ballot: a scorecard of small trees, whose numbers are data.

A tree asks two questions of a ballot and adds to its log-odds: "does its cell surprise, and is the reading time of its
ballots uniform?" says more than each by itself, which is all that a linear scorecard can weigh (Friedman 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from voting.fraud.codes import CODES, code_of, is_feature
from voting.fraud.survey import Numbers, Part

T = TypeVar("T", bound=np.generic)
Floats = npt.NDArray[np.float32]
Ranks = npt.NDArray[np.unsignedinteger[Any]]
Places = npt.NDArray[np.intp]
Bounds = Mapping[str, Mapping[float, int]]
"""By feature what it is compared with, rising, each with its place among them."""

# A reason is named when it adds so much to the log-odds.
_WORTH_NAMING = 0.35
# So many ballots at a time: their features fit into the processor's cache, and those of ten millions never exist.
_CHUNK = 32_768
# numpy lets go of the interpreter while it compares.
_THREADS = 2


class Tree(NamedTuple):
    """Asks whether `first` is above `above_first`; then, if not, `low` above `above_low`, if so, `high` above
    `above_high`. Adds to the log-odds by the two answers: (no, no), (no, yes), (yes, no), (yes, yes)."""

    first: str
    above_first: float
    low: str
    above_low: float
    high: str
    above_high: float
    adds: tuple[float, float, float, float]

    def asks(self) -> tuple[tuple[str, float], tuple[str, float], tuple[str, float]]:
        """The three questions: a feature, and what it must be above."""
        return (self.first, self.above_first), (self.low, self.above_low), (self.high, self.above_high)


class Trees(msgspec.Struct, frozen=True):
    """Log-odds: `bias`, and what each tree adds."""

    bias: float
    trees: tuple[Tree, ...]

    def __post_init__(self) -> None:
        for name in self.features():
            if not is_feature(name):
                raise ValueError(f"{name!r} is no feature")

    def features(self) -> set[str]:
        """The features that are asked for."""
        return {name for tree in self.trees for name, _ in tree.asks()}


class Weighed(msgspec.Struct, frozen=True):
    """By ballot: the probability that it is no honest one, and the reasons as bits, in the order of CODES."""

    probability: Floats
    reasons: npt.NDArray[np.uint32]


class _Steps(NamedTuple):
    """Features by cell, the last for ballots without one, with each ballot's cell; None: by ballot.

    Of each only how many of its bounds it is above, in a byte: a tree then asks whether that is more than a bound's
    place. A fourth of the memory passes by, and cells are compared in place of their ballots.
    """

    columns: dict[str, Ranks]
    of: Numbers | None

    def of_ballots(self, rows: slice) -> Iterator[tuple[str, Ranks]]:
        if self.of is None:
            return ((name, values[rows]) for name, values in self.columns.items())
        places = self.of[rows].astype(np.intp)
        return ((name, _picked(values, places)) for name, values in self.columns.items())


def weigh(parts: Iterable[Part], trees: Trees, rows: int, told: float = 0.02) -> Weighed:
    """The sum over all trees. A feature that there is none of is 0. Reasons are told from a probability on."""
    bounds = _bounds(trees)
    steps = [_steps(part, bounds) for part in parts]
    probability, reasons = np.empty(rows, dtype=np.float32), np.zeros(rows, dtype=np.uint32)

    def look(start: int) -> None:
        chunk = slice(start, min(start + _CHUNK, rows))
        table = dict(chain.from_iterable(each.of_ballots(chunk) for each in steps))
        score = np.full(chunk.stop - chunk.start, trees.bias, dtype=np.float32)
        for tree, answers in _answers(trees, bounds, table, len(score)):
            score += _picked(_ends(tree), answers)
        probability[chunk] = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
        some = np.flatnonzero(probability[chunk] >= told)
        table = {name: _picked(values, some) for name, values in table.items()}
        reasons[start + some] = _reasons(_answers(trees, bounds, table, len(some)), len(some))

    with ThreadPoolExecutor(_THREADS) as executor:
        # Asked for, so that a fault in one is not lost.
        list(executor.map(look, range(0, rows, _CHUNK)))
    return Weighed(probability, reasons)


def _bounds(trees: Trees) -> Bounds:
    asked: dict[str, set[float]] = {}
    for tree in trees.trees:
        for name, least in tree.asks():
            asked.setdefault(name, set()).add(least)
    return {name: {least: rank for rank, least in enumerate(sorted(some))} for name, some in asked.items()}


def _steps(part: Part, bounds: Bounds) -> _Steps:
    columns = {}
    for name in part.columns.keys() & bounds.keys():
        values = part.columns[name].astype(np.float32)
        if part.cells is not None:
            values = np.append(values, np.float32(0))
        ranks = columns[name] = np.zeros(len(values), np.min_scalar_type(len(bounds[name])))
        for least in bounds[name]:
            ranks += (values > np.float32(least)).view(np.uint8)
    return _Steps(columns, None if part.cells is None else part.cells.of)


def _picked(values: npt.NDArray[T], places: Places) -> npt.NDArray[T]:
    """values[places]; as none is outside, none need be looked for, which halves the time."""
    return values.take(places, mode="clip")


def _answers(trees: Trees, bounds: Bounds, table: Mapping[str, Ranks], size: int) -> Iterator[tuple[Tree, Places]]:
    """Each tree, and by ballot at which of its four ends it arrives."""

    def above(name: str, least: float) -> npt.NDArray[np.bool_]:
        return table[name] > bounds[name][least] if name in table else np.full(size, least < 0)

    for tree in trees.trees:
        first, low, high = (above(name, least) for name, least in tree.asks())
        # `high` where `first`, otherwise `low`: np.where takes twenty times as long.
        second = low ^ (first & (low ^ high))
        yield tree, (first.view(np.uint8) * np.uint8(2) + second.view(np.uint8)).astype(np.intp)


def _reasons(answers: Iterable[tuple[Tree, Places]], size: int) -> npt.NDArray[np.uint32]:
    """What the trees add is half the first question's reason, and half the second's."""
    found: dict[str, Floats] = {}
    for tree, places in answers:
        for code, adds in _shares(tree):
            if code not in found:
                found[code] = np.zeros(size, dtype=np.float32)
            found[code] += _picked(adds, places)
    bits = np.zeros(size, dtype=np.uint32)
    for code, added in found.items():
        bits |= np.where(added > _WORTH_NAMING, np.uint32(1 << CODES.index(code)), np.uint32(0))
    return bits


@cache
def _ends(tree: Tree) -> Floats:
    return np.array(tree.adds, dtype=np.float32)


@cache
def _shares(tree: Tree) -> tuple[tuple[str, Floats], ...]:
    """By reason: what it adds at each of the four ends."""
    shares: dict[str, Floats] = {}
    halves = _ends(tree) / 2
    for name, ends in ((tree.first, slice(0, 4)), (tree.low, slice(0, 2)), (tree.high, slice(2, 4))):
        if code := code_of(name):
            adds = shares.setdefault(code, np.zeros(4, dtype=np.float32))
            adds[ends] += halves[ends]
    return tuple(shares.items())
