"""Who is first and who wins: by a value, then an order, with equals, awards taken back, and those who come up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from voting.errors import NotScorable

T = TypeVar("T")
Values = Mapping[str, Fraction]
Source = Callable[[frozenset[str]], Values]
"""Gives at least the values of those that it is asked about."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What decides: `value`, then between equals each of `order`; at the last place equals all stay, or it decides.

    A source of `order` is asked about equals only: a figure that decides nothing may be missing.
    """

    value: Values
    order: Sequence[Source]
    include_ties: bool

    def bands(self, among: Collection[str], keep: int) -> list[list[str]]:
        """Those that are equal together, best first; told apart as far as the first `keep` places need it."""
        bands = _bands(among, self.value)
        for source in self.order:
            finer: list[list[str]] = []
            place = 0
            for band in bands:
                finer += _bands(band, source(frozenset(band))) if len(band) > 1 and place < keep else [band]
                place += len(band)
            bands = finer
        return bands


@dataclass(frozen=True, slots=True)
class Given:
    """One award given to one holder, an entry's code or an organisation's name, or taken back (place 0) from it."""

    award: str
    holder: str
    value: Fraction
    place: int
    reason: str


def complete(source: str, what: str, whose: str, holders: Collection[str], found: Mapping[str, T]) -> dict[str, T]:
    """What was found for each of the holders. Raises NotScorable: what is missing is missing, and never 0."""
    if missing := sorted(set(holders) - found.keys()):
        named = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
        raise NotScorable(f"{source} has no {what} for {len(missing)} {whose}: {named}; import them first")
    return {one: found[one] for one in holders}


def first(among: Collection[str], keep: int, ranking: Ranking) -> list[str]:
    """The first `keep`, best first. Raises NotScorable where equals at the end are to be decided and are not."""
    best: list[str] = []
    for band in ranking.bands(among, keep):
        if len(best) >= keep:
            break
        if len(best) + len(band) > keep and not ranking.include_ties:
            tied = ", ".join(band[:10])
            raise NotScorable(f"{tied} are equal at place {keep}: the order in the file does not decide between them")
        best += band
    return best


def winners(
    award: str, among: Collection[str], number: int, ranking: Ranking, revoked: Mapping[str, str]
) -> list[Given]:
    """What was taken back, with its reason, then the winners; those next in line have come up (递补)."""
    undisturbed = first(among, number, ranking)
    left = first([one for one in among if one not in revoked], number, ranking)
    taken = [
        Given(award, one, ranking.value[one], 0, f"收回（taken back）：{why}") for one, why in sorted(revoked.items())
    ]
    return taken + [
        Given(award, one, ranking.value[one], place, "" if one in undisturbed else "递补（came up）")
        for place, one in enumerate(left, 1)
    ]


def _bands(among: Collection[str], value: Values) -> list[list[str]]:
    """Those of equal value together, the greatest value first, each band in the order of its names."""
    bands: dict[Fraction, list[str]] = defaultdict(list)
    for one in sorted(among):
        bands[value[one]].append(one)
    return [bands[number] for number in sorted(bands, reverse=True)]
