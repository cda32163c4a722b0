"""Adds up what was found of each ballot: a scorecard of small trees, whose numbers are data.

A tree asks two questions of a ballot and adds to its log-odds: "does its cell surprise, and is the reading time of its
ballots uniform?" says more than each by itself, which is all that a linear scorecard can weigh (Friedman 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt

from voting.fraud.codes import CODES, code_of, is_feature
from voting.fraud.survey import Numbers, Part

Floats = npt.NDArray[np.float32]

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
        return {name for tree in self.trees for name in (tree.first, tree.low, tree.high)}


class Weighed(msgspec.Struct, frozen=True):
    """By ballot: the probability that it is no honest one, and the reasons as bits, in the order of CODES."""

    probability: Floats
    reasons: npt.NDArray[np.uint32]


class _Column(NamedTuple):
    """A feature: its values by cell, the last for ballots without one, and each ballot's cell; None: by ballot."""

    values: Floats
    of: Numbers | None

    def of_ballots(self, rows: slice) -> Floats:
        return self.values[rows] if self.of is None else self.values[self.of[rows]]


def weigh(parts: Iterable[Part], trees: Trees, rows: int, told: float = 0.02) -> Weighed:
    """The sum over all trees. A feature that there is none of is 0. Reasons are told from a probability on."""
    columns = dict(_asked(parts, trees.features()))
    probability, reasons = np.empty(rows, dtype=np.float32), np.zeros(rows, dtype=np.uint32)

    def look(start: int) -> None:
        chunk = slice(start, min(start + _CHUNK, rows))
        table = {name: column.of_ballots(chunk) for name, column in columns.items()}
        score = np.full(chunk.stop - chunk.start, trees.bias, dtype=np.float32)
        for tree in trees.trees:
            score += _ends(tree)[_answers(tree, table, len(score))]
        probability[chunk] = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
        some = np.flatnonzero(probability[chunk] >= told)
        reasons[start + some] = _reasons({name: values[some] for name, values in table.items()}, trees, len(some))

    with ThreadPoolExecutor(_THREADS) as executor:
        # Asked for, so that a fault in one is not lost.
        list(executor.map(look, range(0, rows, _CHUNK)))
    return Weighed(probability, reasons)


def _asked(parts: Iterable[Part], names: set[str]) -> Iterator[tuple[str, _Column]]:
    for part in parts:
        for name in names & part.columns.keys():
            values = part.columns[name].astype(np.float32)
            if part.cells is None:
                yield name, _Column(values, None)
            else:
                yield name, _Column(np.append(values, np.float32(0)), part.cells.of)


def _answers(tree: Tree, table: Mapping[str, Floats], size: int) -> npt.NDArray[np.uint8]:
    """By ballot at which of its four ends it arrives."""

    def above(name: str, least: float) -> npt.NDArray[np.bool_]:
        return table[name] > np.float32(least) if name in table else np.full(size, least < 0)

    first = above(tree.first, tree.above_first)
    second = np.where(first, above(tree.high, tree.above_high), above(tree.low, tree.above_low))
    return first.view(np.uint8) * np.uint8(2) + second.view(np.uint8)


def _reasons(table: Mapping[str, Floats], trees: Trees, size: int) -> npt.NDArray[np.uint32]:
    """What the trees add is half the first question's reason, and half the second's."""
    found: dict[str, Floats] = {}
    for tree in trees.trees:
        answers = _answers(tree, table, size)
        for code, adds in _shares(tree):
            if code not in found:
                found[code] = np.zeros(size, dtype=np.float32)
            found[code] += adds[answers]
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
        adds = shares.setdefault(code_of(name), np.zeros(4, dtype=np.float32))
        adds[ends] += halves[ends]
    return tuple(shares.items())
