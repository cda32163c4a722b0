"""Lockstep: voters who backed the same two entries on the same two days, far more often than chance would have it.

A paid task list is what makes strangers do that. The idea is CopyCatch's (Beutel et al., WWW 2013) and SynchroTrap's
(Cao et al., CCS 2014), made linear: each voter contributes the pairs of *different* entries that he backed. Nothing is
trained, and a loyal voter of one entry makes no pair.

A voter's evidence is the sum over his pairs of log((others + 1/2) / (expected + 1/2)): many pairs that are each a
little too frequent say more than one that is much so.
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

# A voter with more cells than this gives only the first: pairs grow with the square.
_MOST_CELLS = 12
# When two ballots were cast together: on two days, for task lists; in two hours or one, for those that are worked off
# at once; ever, for lists whose order is each voter's own.
_TIMES = ("day", "hours2", "hour", "ever")
# Tastes that go together make two entries share so many times more voters than chance; more than that is an agreement.
FRIENDS = 3.0
# What people who live near each other have in common is no agreement: parents of a school take turns with its pupils.
# In made contests two of these share a network 5 to 14 times as often as any two voters do, of paid strangers 3.5 times
# at most; so many (each counted with each) are chance. A city's paid people (3 to 13 times) are let go with them. Under
# one roof (77 times and more) are farms, too: there all counts, as trees know both.
NEAR, _ROOF, _CHANCE = 4.0, 40.0, 6
# A pair that surprises: so many standard deviations, and other voters who have it.
_STRONG_Z, _STRONG_OTHERS = 3.0, 2


def lockstep(survey: Survey) -> Iterator[Part]:
    """By ballot how much its voter's pairs, and its own, exceed chance.

    Columns, for each length of time: pair_TIME_mean (the mean lift of the voter's pairs), pair_TIME_voter
    (log1p of the sum of the standard deviations of those that are surprising), pair_TIME_share (how many of the voter's
    ballots are in one), pair_TIME_cell (log1p of the largest that this ballot is in); pair_ever_breadth and
    pair_ever_list: see listed.
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

    What is alike of many is told by kind: the two entries, others (who have them too), lift, z. `cells`: the ballots by
    voter, entry and time, with which `first` and `second` are numbered.
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
        """By kind whether it surprises."""
        return (self.z > _STRONG_Z) & (self.others >= _STRONG_OTHERS)

    def only(self, kinds: Flags) -> Pairs:
        """The rows of these kinds."""
        rows = kinds[self.kind]
        return self._replace(**{name: getattr(self, name)[rows] for name in ("voter", "first", "second", "kind")})

    def table(self) -> pl.DataFrame:
        """Voter and entries of each row."""
        return pl.DataFrame(
            {"voter": self.voter, "entry": self.entry[self.kind], "entry_other": self.entry_other[self.kind]}
        )


def returning(survey: Survey) -> Numbering:
    """The ballots by voter, if he has several."""
    voters = survey.numbering(("voter",))
    return voters.only(np.unique(voters.of[survey.column("returning") > 0]))


def listed(strong: Pairs) -> pl.DataFrame:
    """By voter: of how many entries his surprising pairs are, and how many third entries go with both of one.

    Two allies are a pair, and no more; the entries of one list go with each other.
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
    """The ballots by when they were cast: by the survey's column, or ever."""
    return Numbering(np.zeros(survey.size, dtype=np.uint8), 1) if time == "ever" else survey.numbering((time,))


def lifted(survey: Survey, voters: Numbering, times: Numbering) -> Pairs:
    """The pairs of these voters' cells of (entry, time), of different times unless there is but one; of each voter only
    of the first cells."""
    entries, ever = survey.numbering(("entry",)), times.size == 1
    nodes = both(entries, times)
    cells = both(voters, nodes)
    ballot = _first_cells(voters, cells)
    first, second = (ballot[side] for side in _in_pairs(voters.of[ballot], times.of[ballot], ever=ever))
    width = nodes.size * nodes.size
    kinds = Numbering(*ranks(nodes.of[first].astype(np.int64) * nodes.size + nodes.of[second], width))
    sample = kinds.samples()
    sides = [[Numbering(each.of[side[sample]], each.size) for each in (entries, times)] for side in (first, second)]
    # Where nothing is known of other times nothing can be allowed for.
    others, expected = _expected(kinds.counts(), sides[0], sides[1], 1.0 if ever else FRIENDS)
    entry, entry_other = (each[0].of for each in sides)
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
    """By group (from 0 to below `size`; of each ballot one) how many times as often two of it are in one network as any
    two ballots are; 0 where too few are, or nothing is known."""
    prefixes = survey.numbering(("prefix",))
    known = prefixes.of[ballots] < prefixes.size
    group, prefix = groups[known].astype(np.int64), prefixes.of[ballots[known]]
    share = prefixes.counts() / max(1.0, float(prefixes.counts().sum()))
    home = ranks(group * max(1, prefixes.size) + prefix, 0)[0]
    # Of each ballot how many others of its group are in its network.
    others = np.bincount(home)[home] - 1 if len(home) else home
    people = np.bincount(group, minlength=size).astype(np.float64)
    together, chance = np.bincount(group, others, size), (share**2).sum() * people * (people - 1)
    return np.where(together > _CHANCE, together / np.maximum(chance, 1e-9), 0.0)


def _first_cells(voters: Numbering, cells: Numbering) -> Numbers:
    """The first ballot of each cell, voter by voter, in the order of time; of each voter so many only."""
    ballot = np.sort(cells.samples())
    ballot = ballot[order(voters.of[ballot].astype(np.int64), voters.size)]
    voter = voters.of[ballot]
    count = np.bincount(voter, minlength=voters.size)
    turn = np.arange(len(voter)) - (np.cumsum(count) - count)[voter]
    return ballot[turn < _MOST_CELLS]


def _in_pairs(voter: Numbers, time: Numbers, *, ever: bool) -> tuple[Ints, Ints]:
    """The places of two cells of one voter, of which the second is later. Of a pair that was ever there both orders are
    counted: it has no first."""
    found = []
    for step in range(1, _MOST_CELLS):
        at = np.flatnonzero((voter[:-step] == voter[step:]) & (ever | (time[:-step] < time[step:])))
        found.append((at, at + step))
    first, second = (np.concatenate(side) for side in zip(*found, strict=True))
    return (np.append(first, second), np.append(second, first)) if ever else (first, second)


def _expected(
    n: Floats, first: Sequence[Numbering], second: Sequence[Numbering], most_friends: float
) -> tuple[Floats, Floats]:
    """By kind of pair how many other voters have it, and how many would by chance. `first`, `second`: its entries and
    times.

    Expected is what independence gives among the voters of both times, times what the same two entries share at other
    times: some have the same friends.
    """
    (entry, time), (entry_other, time_other) = first, second
    times = both(time, time_other)
    all_, of_first, of_second = (
        each.totals(n)[each.of] for each in (times, both(times, entry), both(times, entry_other))
    )
    # Of himself a voter has no expectation.
    others, expected = n - 1, (of_first - 1) * (of_second - 1) / np.maximum(all_ - 1, 1)
    low, high = (Numbering(each(entry.of, entry_other.of), entry.size) for each in (np.minimum, np.maximum))
    friends = both(low, high)

    def elsewhere(amounts: Floats) -> Floats:
        return friends.totals(amounts)[friends.of] - amounts + 2

    allowed = np.clip(elsewhere(others) / elsewhere(expected), 1, most_friends)
    return others, np.maximum(expected * allowed, 0.05)
