"""Who is first and who wins: by a value, then an order, with equals, awards taken back, and those who come up."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from voting.errors import NotScorable


@dataclass(frozen=True, slots=True)
class Ranking:
    """What decides: `value`, then between equals each of `order`; at the last place equals all stay, or it decides."""

    value: Mapping[str, Fraction]
    order: Sequence[Mapping[str, Fraction]]
    include_ties: bool

    def key(self, one: str) -> tuple[Fraction, ...]:
        """Greater is better."""
        return tuple(each[one] for each in (self.value, *self.order))


@dataclass(frozen=True, slots=True)
class Given:
    """One award given to one holder, an entry's code or an organisation's name, or taken back (place 0) from it."""

    award: str
    holder: str
    value: Fraction
    place: int
    reason: str


def first(among: Collection[str], keep: int, ranking: Ranking) -> list[str]:
    """The first `keep`, best first. Raises NotScorable where equals at the end are to be decided and are not."""
    best = sorted(among, key=lambda one: ([-part for part in ranking.key(one)], one))
    if len(best) <= keep or keep == 0:
        return best[:keep]
    edge = ranking.key(best[keep - 1])
    if ranking.key(best[keep]) != edge:
        return best[:keep]
    if ranking.include_ties:
        return [one for one in best if ranking.key(one) >= edge]
    tied = ", ".join(sorted(one for one in best if ranking.key(one) == edge)[:10])
    raise NotScorable(f"{tied} are equal at place {keep}: the order in the file does not decide between them")


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
