"""Who is first and who wins: by a value, then an order, with equals, awards taken back, and those who come up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple, TypeVar

from voting.errors import NotScorable

T = TypeVar("T")
Values = Mapping[str, Fraction]
Source = Callable[[frozenset[str]], Values]
"""Gives at least the values of those that it is asked about."""
_CAME_UP = "递补（came up）"


class TieBreak(NamedTuple):
    """One of an order: what it gives equals, and the reason of those whom it told apart, in words."""

    values: Source
    reason: str


class Band(NamedTuple):
    """Those that are equal; `reason`: of the tie-break that told them apart from others of their value, if one did."""

    members: list[str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """What decides: `value`, then between equals each of `order`; at the last place equals all stay, or it decides.

    A source of `order` is asked about equals only: a figure that decides nothing may be missing.
    """

    value: Values
    order: Sequence[TieBreak]
    include_ties: bool

    def bands(self, among: Collection[str], keep: int) -> list[Band]:
        """Those that are equal together, best first; told apart as far as the first `keep` places need it."""
        bands = [Band(members) for members in _bands(among, self.value)]
        for tie_break in self.order:
            finer: list[Band] = []
            place = 0
            for band in bands:
                finer += _split(band, tie_break) if len(band.members) > 1 and place < keep else [band]
                place += len(band.members)
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


def first(among: Collection[str], keep: int, ranking: Ranking) -> dict[str, str]:
    """The first `keep`, best first, each with the reason of the tie-break that decided about it. Raises NotScorable
    where equals at the end are to be decided and are not."""
    best: dict[str, str] = {}
    for members, reason in ranking.bands(among, keep):
        if len(best) >= keep:
            break
        if len(best) + len(members) > keep and not ranking.include_ties:
            tied = ", ".join(members[:10])
            raise NotScorable(f"{tied} are equal at place {keep}: the order in the file does not decide between them")
        best |= dict.fromkeys(members, reason)
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
        Given(
            award,
            one,
            ranking.value[one],
            place,
            "；".join(filter(None, ["" if one in undisturbed else _CAME_UP, tie])),
        )
        for place, (one, tie) in enumerate(left.items(), 1)
    ]


def _split(band: Band, tie_break: TieBreak) -> list[Band]:
    parts = _bands(band.members, tie_break.values(frozenset(band.members)))
    return [Band(members, tie_break.reason) for members in parts] if len(parts) > 1 else [band]


def _bands(among: Collection[str], value: Values) -> list[list[str]]:
    """Those of equal value together, the greatest value first, each band in the order of its names."""
    bands: dict[Fraction, list[str]] = defaultdict(list)
    for one in sorted(among):
        bands[value[one]].append(one)
    return [bands[number] for number in sorted(bands, reverse=True)]
