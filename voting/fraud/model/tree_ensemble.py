"""Scores each ballot with an ensemble of small trees, whose numbers are data.

A tree asks some questions of a ballot and adds to its log-odds. Combined questions ("is its cell surprising, and are
the reading times of its ballots uniform?") say more than each alone, which is all that a linear scorecard can weigh
(Friedman 2001).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from voting.fraud.features.column_index import Numbers, Part
from voting.fraud.reasons.codes import CODES, code_of, is_feature

T = TypeVar("T", bound=np.generic)
Floats = npt.NDArray[np.float32]
Ranks = npt.NDArray[np.unsignedinteger[Any]]
Places = npt.NDArray[np.intp]
Bounds = Mapping[str, Mapping[float, int]]
"""The bounds that each feature is compared with, rising, each with its place."""

# The log-odds that a reason must add to be reported.
_WORTH_NAMING = 0.35
# Ballots in one chunk: their features fit into the processor's cache, and those of ten million never exist at once.
_CHUNK = 32_768
# Threads help, since numpy releases the interpreter lock while it compares.
_THREADS = 2
# The ends of a tree: the bits of a byte tell them apart, and numpy compares 32 bytes at a time.
_ENDS = 8


class Question(NamedTuple):
    """Whether `feature` is above `above`. `no` and `yes` are the next questions, or numbers to add to the log-odds."""

    feature: str
    above: float
    no: Question | float
    yes: Question | float


Tree = Question | float


class Trees(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Log-odds: `bias`, and what each tree adds. A tree has at most eight ends."""

    bias: float
    trees: tuple[Tree, ...]

    def __post_init__(self) -> None:
        for number, tree in enumerate(self.trees, 1):
            if len(_ends(tree)) > _ENDS:
                raise ValueError(f"tree {number} has {len(_ends(tree))} ends; {_ENDS} are the most")
        for name in self.features():
            if not is_feature(name):
                raise ValueError(f"{name!r} is no feature")

    def features(self) -> set[str]:
        """Returns the features that the trees use."""
        return {each.feature for tree in self.trees for each, _ in _questions(tree)}


class TreeScores(msgspec.Struct, frozen=True):
    """By ballot: the probability that it is dishonest, and the reasons as bits, in the order of CODES."""

    probability: Floats
    reasons: npt.NDArray[np.uint32]


class _Steps(NamedTuple):
    """Features by cell, the last for ballots without one, with each ballot's cell; None: by ballot.

    Each value is stored in a byte as the number of bounds below it; a tree compares this with a bound's place. It needs
    a quarter of the memory traffic, and cells are compared instead of their ballots.
    """

    columns: dict[str, Ranks]
    of: Numbers | None

    def of_ballots(self, rows: slice) -> Iterator[tuple[str, Ranks]]:
        if self.of is None:
            return ((name, values[rows]) for name, values in self.columns.items())
        places = self.of[rows].astype(np.intp)
        return ((name, _picked(values, places)) for name, values in self.columns.items())


def score_trees(parts: Iterable[Part], trees: Trees, rows: int, told: float = 0.02) -> TreeScores:
    """Returns the sum over all trees. A missing feature is 0. Reasons are given from the probability `told` on."""
    asked: dict[str, set[float]] = {}
    for question, _ in chain.from_iterable(map(_questions, trees.trees)):
        asked.setdefault(question.feature, set()).add(question.above)
    bounds = {name: {least: rank for rank, least in enumerate(sorted(above))} for name, above in asked.items()}
    steps = [_steps(part, bounds) for part in parts]
    probability, reasons = np.empty(rows, dtype=np.float32), np.zeros(rows, dtype=np.uint32)

    def look(start: int) -> None:
        chunk = slice(start, min(start + _CHUNK, rows))
        table = dict(chain.from_iterable(step.of_ballots(chunk) for step in steps))
        score = np.full(chunk.stop - chunk.start, trees.bias, dtype=np.float32)
        for tree, out in _answers(trees, bounds, table, len(score)):
            score += _picked(_added(tree), out)
        probability[chunk] = 1 / (1 + np.exp(-np.clip(score, -30, 30)))
        explained = np.flatnonzero(probability[chunk] >= told)
        table = {name: _picked(values, explained) for name, values in table.items()}
        reasons[start + explained] = _reasons(_answers(trees, bounds, table, len(explained)), len(explained))

    with ThreadPoolExecutor(_THREADS) as executor:
        # Fetch each result, so that an exception in one is not lost.
        list(executor.map(look, range(0, rows, _CHUNK)))
    return TreeScores(probability, reasons)


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
    """Returns values[places] without bounds checks, which halves the time; all places are valid."""
    return values.take(places, mode="clip")


def _answers(trees: Trees, bounds: Bounds, table: Mapping[str, Ranks], size: int) -> Iterator[tuple[Tree, Places]]:
    """Yields each tree and, by ballot, a bit for each end that an answer rules out."""
    for tree in trees.trees:
        out = np.zeros(size, dtype=np.uint8)
        for each, ends in _questions(tree):
            if each.feature in table:
                above = table[each.feature] > bounds[each.feature][each.above]
                out |= above.view(np.uint8) * np.uint8(ends)
            elif each.above < 0:
                out |= np.uint8(ends)
        yield tree, out.astype(np.intp)


def _reasons(answers: Iterable[tuple[Tree, Places]], size: int) -> npt.NDArray[np.uint32]:
    """Divides what a tree adds evenly among the questions on the path, each for its reason."""
    found: dict[str, Floats] = {}
    for tree, out in answers:
        for code, adds in _shares(tree):
            if code not in found:
                found[code] = np.zeros(size, dtype=np.float32)
            found[code] += _picked(adds, out)
    bits = np.zeros(size, dtype=np.uint32)
    for code, added in found.items():
        bits |= np.where(added > _WORTH_NAMING, np.uint32(1 << CODES.index(code)), np.uint32(0))
    return bits


@cache
def _questions(tree: Tree, first: int = 0) -> tuple[tuple[Question, int], ...]:
    """Returns each question and, as bits, the ends that a yes rules out.

    Ends are numbered from `no` to `yes`: a ballot ends at the first that is not ruled out (Lucchese et al.,
    QuickScorer, SIGIR 2015).
    """
    if not isinstance(tree, Question):
        return ()
    count = len(_ends(tree.no))
    ruled_out = (1 << count) - 1 << first
    return (tree, ruled_out), *_questions(tree.no, first), *_questions(tree.yes, first + count)


@cache
def _ends(tree: Tree) -> tuple[tuple[float, tuple[str, ...]], ...]:
    """Returns what each end adds, and the features asked for on the path to it."""
    if not isinstance(tree, Question):
        return ((tree, ()),)
    return tuple((adds, (tree.feature, *way)) for then in (tree.no, tree.yes) for adds, way in _ends(then))


@cache
def _added(tree: Tree) -> Floats:
    """Returns what the tree adds, by the ends ruled out."""
    return _by_ruled_out([adds for adds, _ in _ends(tree)])


@cache
def _shares(tree: Tree) -> tuple[tuple[str, Floats], ...]:
    """Returns each reason's share of what the tree adds, by the ends ruled out."""
    shares: dict[str, list[float]] = {}
    ends = _ends(tree)
    for number, (adds, way) in enumerate(ends):
        for feature in way:
            if code := code_of(feature):
                shares.setdefault(code, [0.0] * len(ends))[number] += adds / len(way)
    return tuple((code, _by_ruled_out(adds)) for code, adds in shares.items())


def _by_ruled_out(adds: Sequence[float]) -> Floats:
    return np.array(adds, dtype=np.float32)[_first_left(len(adds))]


@cache
def _first_left(ends: int) -> Places:
    """Returns the first end that is not ruled out, by the ends ruled out."""
    return np.array([next((end for end in range(ends) if not out >> end & 1), 0) for out in range(1 << _ENDS)])
