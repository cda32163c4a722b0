"""Lockstep: voters who backed the same two entries on the same two days, far more often than by chance.

Strangers do that when they share a paid task list. The idea is CopyCatch's (Beutel et al., WWW 2013) and SynchroTrap's
(Cao et al., CCS 2014), made linear: each voter contributes the pairs of *different* entries that he backed. Nothing is
trained, and a loyal voter of one entry makes no pair.

A voter's evidence is the sum over his pairs of log((others + 1/2) / (expected + 1/2)): many slightly frequent pairs
count more than one very frequent pair.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.features.cells import surprise
from voting.fraud.features.column_index import Floats, Ints, Numbering, Numbers, Part, Survey, both, order, ranks

Flags = npt.NDArray[np.bool_]

# A voter with more cells contributes the first ones only: pairs grow with the square.
_MOST_CELLS = 12
# The periods that count as together: two days, for task lists; two hours or one, for lists worked through at once;
# ever, for lists in any order.
_TIMES = ("day", "hours2", "hour", "ever")
# Common tastes multiply the shared voters of two entries by up to this factor; more is an agreement.
FRIENDS = 3.0
# Shared interests of neighbours are no agreement: parents of a school take turns with its pupils. In simulated contests
# two of these share a network 5 to 14 times as often as any two voters do, paid strangers 3.5 times at most; this many
# (each counted with each) are chance. A city's paid people (3 to 13 times) are spared with them. Voters under one roof
# (77 times and more) include farms: there everything counts, as the trees know both.
NEAR, _ROOF, _CHANCE = 4.0, 40.0, 6
# A pair is surprising at this many standard deviations with this many other voters.
_STRONG_Z, _STRONG_OTHERS = 3.0, 2


def lockstep(survey: Survey) -> Iterator[Part]:
    """Yields, by ballot, how much its voter's pairs, and its own, exceed chance.

    Columns, for each period: pair_TIME_mean (the mean lift of the voter's pairs), pair_TIME_voter (log1p of the sum of
    the standard deviations of the surprising ones), pair_TIME_share (the share of the voter's ballots that are in one),
    pair_TIME_cell (log1p of the largest that this ballot is in); pair_ever_breadth and pair_ever_list: see listed.
    """
    voters = returning(survey)
    for time in _TIMES:
        pairs = lifted(survey, voters, during(survey, time))
        strong = pairs.only(pairs.strong())
        z = np.zeros(pairs.cells.size)
        for side in (strong.first, strong.second):
            np.maximum.at(z, side, strong.z[strong.kind])
        cell = np.append(z, 0.0)[pairs.cells.of]
        count = np.bincount(pairs.voter, minlength=voters.size)
        columns = {
            f"pair_{time}_mean": np.bincount(pairs.voter, pairs.lift[pairs.kind], voters.size) / np.maximum(count, 1),
            f"pair_{time}_voter": np.log1p(np.bincount(strong.voter, strong.z[strong.kind], voters.size)),
            f"pair_{time}_share": voters.totals((cell > 0).astype(np.float64)) / voters.counts(),
        }
        if time == "ever":
            lists = listed(strong)
            for name in lists.columns[1:]:
                columns[name] = np.zeros(voters.size)
                columns[name][lists["voter"]] = lists[name]
        yield Part(voters, {name: values.astype(np.float32) for name, values in columns.items()})
        yield Part(None, {f"pair_{time}_cell": np.log1p(cell).astype(np.float32)})


class Pairs(NamedTuple):
    """Each row (`voter`, `first`, `second`, `kind`) is a voter and two of his cells for different entries.

    Values common to many rows are stored by kind: the two entries, others (the other voters with both), lift, z.
    `cells` numbers the ballots by voter, entry and time for `first` and `second`.
    """

    cells: Numbering
    voter: Numbers
    first: Numbers
    second: Numbers
    kind: Numbers
    entry: Numbers
    entry_other: Numbers
    others: Floats
    lift: Floats
    z: Floats

    def strong(self) -> Flags:
        """Returns, by kind, whether it is surprising."""
        return (self.z > _STRONG_Z) & (self.others >= _STRONG_OTHERS)

    def only(self, kinds: Flags) -> Pairs:
        """Returns the rows of these kinds."""
        rows = kinds[self.kind]
        return self._replace(**{name: getattr(self, name)[rows] for name in ("voter", "first", "second", "kind")})

    def table(self) -> pl.DataFrame:
        """Returns voter and entries of each row."""
        return pl.DataFrame(
            {"voter": self.voter, "entry": self.entry[self.kind], "entry_other": self.entry_other[self.kind]}
        )


def returning(survey: Survey) -> Numbering:
    """Numbers the ballots by voter, for voters with several."""
    voters = survey.numbering(("voter",))
    return voters.only(np.unique(voters.of[survey.column("returning") > 0]))


def listed(strong: Pairs) -> pl.DataFrame:
    """Returns, by voter, how many entries his surprising pairs have, and how many third entries go with both of one.

    Two allies make one pair only; the entries of one list go with each other.
    """
    pairs = strong.table().lazy()
    kinds = pairs.select("entry", "entry_other").unique()
    third = (
        kinds.join(kinds, left_on="entry_other", right_on="entry", suffix="_third")
        .join(kinds, left_on=["entry", "entry_other_third"], right_on=["entry", "entry_other"], how="semi")
        .group_by("entry", "entry_other")
        .agg(thirds=pl.len())
    )
    return (
        pairs.join(third, on=["entry", "entry_other"], how="left")
        .group_by("voter")
        .agg(
            pair_ever_breadth=(pl.col("entry").n_unique() - 1).log().cast(pl.Float32),
            pair_ever_list=pl.col("thirds").fill_null(0).max().log1p().cast(pl.Float32),
        )
        .collect()
    )


def during(survey: Survey, time: str) -> Numbering:
    """Numbers the ballots by time: a column of the survey, or ever."""
    return Numbering(np.zeros(survey.size, dtype=np.uint8), 1) if time == "ever" else survey.numbering((time,))


def lifted(survey: Survey, voters: Numbering, times: Numbering) -> Pairs:
    """Returns the pairs of these voters' cells of (entry, time), of different times unless there is only one.

    Each voter contributes his first cells only.
    """
    entries, ever = survey.numbering(("entry",)), times.size == 1
    nodes = both(entries, times)
    cells = both(voters, nodes)
    ballot = _first_cells(voters, cells)
    first, second = (ballot[side] for side in _in_pairs(voters.of[ballot], times.of[ballot], ever=ever))
    width = nodes.size * nodes.size
    kinds = Numbering(*ranks(nodes.of[first].astype(np.int64) * nodes.size + nodes.of[second], width))
    sample = kinds.samples()
    sides = [
        [Numbering(numbering.of[side[sample]], numbering.size) for numbering in (entries, times)]
        for side in (first, second)
    ]
    # Without ballots at other times, nothing can be corrected for.
    others, expected = _expected(kinds.counts(), sides[0], sides[1], 1.0 if ever else FRIENDS)
    entry, entry_other = (side[0].of for side in sides)
    near = nearness(survey, kinds.of, first, kinds.size)
    return Pairs(
        cells=cells,
        voter=voters.of[first],
        first=cells.of[first],
        second=cells.of[second],
        kind=kinds.of,
        entry=entry,
        entry_other=entry_other,
        others=others,
        lift=np.clip(np.log((others + 0.5) / (expected + 0.5)), -0.5, 4),
        z=surprise(others, expected),
    ).only((entry != entry_other) & ~((near > NEAR) & (near < _ROOF)))


def nearness(survey: Survey, groups: Numbers, ballots: Numbers, size: int) -> Floats:
    """Returns, by group, how many times as often two of its ballots share a network as any two ballots do.

    It is 0 if there are too few or nothing is known. `groups` has each ballot's group, from 0 to below `size`.
    """
    prefixes = survey.numbering(("prefix",))
    known = prefixes.of[ballots] < prefixes.size
    group, prefix = groups[known].astype(np.int64), prefixes.of[ballots[known]]
    share = prefixes.counts() / max(1.0, float(prefixes.counts().sum()))
    home = ranks(group * max(1, prefixes.size) + prefix, 0)[0]
    # For each ballot, the others of its group in its network.
    others = np.bincount(home)[home] - 1 if len(home) else home
    people = np.bincount(group, minlength=size).astype(np.float64)
    together, chance = np.bincount(group, others, size), (share**2).sum() * people * (people - 1)
    return np.where(together > _CHANCE, together / np.maximum(chance, 1e-9), 0.0)


def _first_cells(voters: Numbering, cells: Numbering) -> Numbers:
    """Returns the first ballot of each cell, voter by voter, by time; a limited number for each voter."""
    ballot = np.sort(cells.samples())
    ballot = ballot[order(voters.of[ballot].astype(np.int64), voters.size)]
    voter = voters.of[ballot]
    count = np.bincount(voter, minlength=voters.size)
    turn = np.arange(len(voter)) - (np.cumsum(count) - count)[voter]
    return ballot[turn < _MOST_CELLS]


def _in_pairs(voter: Numbers, time: Numbers, *, ever: bool) -> tuple[Ints, Ints]:
    """Returns the places of two cells of one voter, the second later.

    For `ever`, both orders are counted: such a pair has no first.
    """
    found = []
    for step in range(1, _MOST_CELLS):
        at = np.flatnonzero((voter[:-step] == voter[step:]) & (ever | (time[:-step] < time[step:])))
        found.append((at, at + step))
    first, second = (np.concatenate(side) for side in zip(*found, strict=True))
    return (np.append(first, second), np.append(second, first)) if ever else (first, second)


def _expected(
    n: Floats, first: Sequence[Numbering], second: Sequence[Numbering], most_friends: float
) -> tuple[Floats, Floats]:
    """Returns, by kind of pair, how many other voters have it and how many are expected by chance.

    `first` and `second` are the entry and time of its cells. The expectation assumes independence among the voters of
    both times, times the excess that the same two entries share at other times: some have the same friends.
    """
    (entry, time), (entry_other, time_other) = first, second
    times = both(time, time_other)
    all_, of_first, of_second = (
        numbering.totals(n)[numbering.of] for numbering in (times, both(times, entry), both(times, entry_other))
    )
    # A voter is not expected to match himself.
    others, expected = n - 1, (of_first - 1) * (of_second - 1) / np.maximum(all_ - 1, 1)
    low, high = (Numbering(pick(entry.of, entry_other.of), entry.size) for pick in (np.minimum, np.maximum))
    friends = both(low, high)

    def elsewhere(amounts: Floats) -> Floats:
        return friends.totals(amounts)[friends.of] - amounts + 2

    allowed = np.clip(elsewhere(others) / elsewhere(expected), 1, most_friends)
    return others, np.maximum(expected * allowed, 0.05)
