"""Ranks by a value, then by tie-breaks; handles equals, revoked awards and those next in line."""

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
"""Returns at least the values of the holders asked for."""
_CAME_UP = "递补（came up）"


class TieBreak(NamedTuple):
    """One tie-break of an order: the values it gives to equals, and its reason in words."""

    values: Source
    reason: str


class Band(NamedTuple):
    """Equals of one place. `reason` is set if a tie-break separated them from others of the same value."""

    members: list[str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Ranks by `value`, then between equals by each of `order`; at the last place all equals stay, or `order` decides.

    A source of `order` is asked about equals only: a figure that decides nothing may be missing.
    """

    value: Values
    order: Sequence[TieBreak]
    include_ties: bool

    def bands(self, among: Collection[str], keep: int) -> list[Band]:
        """Returns the bands, best first; ties are broken only as far as the first `keep` places need it."""
        bands = [Band(members) for members in _bands(among, self.value)]
        for tie_break in self.order:
            finer: list[Band] = []
            place = 0
            for band in bands:
                parts = [band.members]
                if len(band.members) > 1 and place < keep:
                    parts = _bands(band.members, tie_break.values(frozenset(band.members)))
                finer += [Band(members, tie_break.reason) for members in parts] if len(parts) > 1 else [band]
                place += len(band.members)
            bands = finer
        return bands


@dataclass(frozen=True, slots=True)
class Given:
    """One award given to one holder (an entry's code or an organisation's name), or revoked (place 0)."""

    award: str
    holder: str
    value: Fraction
    place: int
    reason: str


def complete(source: str, what: str, whose: str, holders: Collection[str], found: Mapping[str, T]) -> dict[str, T]:
    """Returns the value of each holder. Raises NotScorable if one is missing: a missing figure is never 0."""
    if missing := sorted(set(holders) - found.keys()):
        named = ", ".join(missing[:10]) + (", ..." if len(missing) > 10 else "")
        raise NotScorable(f"{source} has no {what} for {len(missing)} {whose}: {named}; import them first")
    return {one: found[one] for one in holders}


def first(among: Collection[str], keep: int, ranking: Ranking) -> dict[str, str]:
    """Returns the first `keep`, best first, each with the reason of the tie-break that decided.

    Raises NotScorable if equals at the end must be told apart and cannot be.
    """
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
    """Returns revoked awards with their reasons, then the winners, including those next in line who moved up (递补)."""
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


def _bands(among: Collection[str], value: Values) -> list[list[str]]:
    """Groups holders of equal value, the greatest value first, each group sorted by name."""
    bands: dict[Fraction, list[str]] = defaultdict(list)
    for one in sorted(among):
        bands[value[one]].append(one)
    return [bands[number] for number in sorted(bands, reverse=True)]
