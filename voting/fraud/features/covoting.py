"""Covoting: voters who meet repeatedly, each time at another entry.

Two strangers seldom back the same entry at the same time; doing so for a second and third entry is chance only among
very many voters. Voters who work through one task list meet at every task. A loyal crowd meets too, but at its one
entry, which counts once. (The idea is SynchroTrap's, Cao et al., CCS 2014; it is cheap because voters are paired only
if they share two cells, not one.)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from voting.fraud.features.column_index import Floats, Ints, Numbering, Part, Survey, once, order
from voting.fraud.features.lockstep import Pairs, lifted, returning

# Voters meet if they back an entry within two hours; bins are laid twice, so that no meeting is split by a bin's end.
_SECONDS = 7200
# Larger kinds are covered by their lift; this also limits the memory for pairs of voters.
_CROWDED, _MOST = 150, 4_000_000


class Covoters(NamedTuple):
    """Pairs of voters (as numbered in `voters`) who met at `entries` different entries, at least two."""

    voters: Numbering
    first: Ints
    second: Ints
    entries: Ints

    def others(self, least: int) -> Floats:
        """Returns, by voter, how many others he met at this many entries or more."""
        often = self.entries >= least
        size = self.voters.size
        return np.asarray(
            np.bincount(self.first[often], minlength=size) + np.bincount(self.second[often], minlength=size),
            dtype=np.float64,
        )


def covoting(survey: Survey) -> Iterator[Part]:
    """Yields covote_twice, covote_thrice and covote_often by voter.

    They are log1p of the number of others met at 2, 3 and 4 entries or more.
    """
    met = covoters(survey)
    columns = {name: np.log1p(met.others(least)) for name, least in (("twice", 2), ("thrice", 3), ("often", 4))}
    yield Part(met.voters, {f"covote_{name}": values.astype(np.float32) for name, values in columns.items()})


@once
def covoters(survey: Survey) -> Covoters:
    """Returns the pairs of voters who met at several entries."""
    voters, entries = returning(survey), survey.numbering(("entry",)).size
    second, keys = survey.column("second"), []
    for shift in (0, _SECONDS // 2):
        bins = ((second + shift) // _SECONDS).astype(np.int64)
        bins -= bins.min(initial=0)
        times = Numbering(bins, int(bins.max(initial=0)) + 1)
        keys.append(_met(lifted(survey, voters, times), voters.size, entries))
    met = np.unique(np.concatenate(keys)) // max(1, entries)
    first = np.flatnonzero(np.diff(met, prepend=-1))
    pairs, size = met[first], max(1, voters.size)
    return Covoters(voters, pairs // size, pairs % size, np.diff(np.append(first, len(met))))


def _met(pairs: Pairs, voters: int, entries: int) -> Ints:
    """Returns a number for each two voters who share a pair of cells, and each of its two entries."""
    turn = order(pairs.kind.astype(np.int64), len(pairs.others) + 1)
    kind, voter = pairs.kind[turn], pairs.voter[turn].astype(np.int64)
    count = np.bincount(kind, minlength=len(pairs.others))
    # Only kinds with few enough voters which together do not make too many pairs, smallest first.
    smallest = order(count.astype(np.int64), int(count.max(initial=0)) + 1)
    pairs_so_far = np.cumsum(count[smallest] * (count[smallest] - 1) // 2)
    is_few = np.zeros(len(count), dtype=bool)
    is_few[smallest] = (count[smallest] <= _CROWDED) & (pairs_so_far <= _MOST)
    few = is_few[kind]
    kind, voter = kind[few], voter[few]
    end = np.cumsum(np.bincount(kind, minlength=len(count)))
    # Pair each voter with those after him.
    after = end[kind] - 1 - np.arange(len(kind))
    left = np.repeat(np.arange(len(kind)), after)
    right = left + 1 + np.arange(len(left)) - np.repeat(np.cumsum(after) - after, after)
    two = np.minimum(voter[left], voter[right]) * voters + np.maximum(voter[left], voter[right])
    return np.concatenate([two * entries + each[kind[left]] for each in (pairs.entry, pairs.entry_other)])
