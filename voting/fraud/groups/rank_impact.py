"""The effect of a group on the ranking: every place with its ballots counted, and with them void."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from voting.domain.results.scoring import ranks
from voting.domain.results.stakes import Stake


class RankShift(NamedTuple):
    """An entry's place if the group's ballots are counted, and if they are void."""

    entry: str
    counted: int
    void: int


class Effect(NamedTuple):
    """Every entry whose place depends on the group, the best place first."""

    shifts: tuple[RankShift, ...]
    ballots: int
    decides: bool
    """Whether it changes a place that a cut or an award may depend on."""

    def order(self) -> tuple[int, int, int]:
        """Sorts by best place affected, then by number of entries moved, then by size."""
        best = _best(self.shifts[0]) if self.shifts else 1_000_000_000
        return best, -len(self.shifts), -self.ballots


def effect(
    counted: Mapping[str, int], picks: Mapping[str, int], ballots: int, stakes: Collection[Stake], *, is_counted: bool
) -> Effect:
    """Returns the effect of a group with these picks on every entry; `is_counted`: the tally includes them."""
    sign = -1 if is_counted else 1
    other = {entry: count + sign * picks.get(entry, 0) for entry, count in counted.items()}
    with_it, without = (counted, other) if is_counted else (other, counted)
    shifts = _shifts(with_it, without, counted)
    # Among equals, list the group's own entries first.
    shifts.sort(key=lambda shift: (_best(shift), shift.entry not in picks, shift.entry))
    decides = any(_best(shift) <= places for among, places in stakes for shift in _shifts(with_it, without, among))
    return Effect(tuple(shifts), ballots, decides)


def _shifts(with_it: Mapping[str, int], without: Mapping[str, int], among: Collection[str]) -> list[RankShift]:
    """Returns the places that differ, counted among some entries."""
    before, after = (ranks({entry: tally[entry] for entry in among}) for tally in (with_it, without))
    return [RankShift(entry, before[entry], after[entry]) for entry in among if before[entry] != after[entry]]


def in_words(
    shifts: tuple[RankShift, ...],
    picks: Mapping[str, int],
    language: str,
    estimate: int | None = None,
    *,
    is_counted: bool = True,
) -> str:
    """Returns the effect as one sentence: on the group's own entries, or on others if those keep their places.

    `estimate`: the number of picks assumed void, if it is not a group. A group that is not counted now has an effect
    only if it is counted.
    """
    named = ([shift for shift in shifts if shift.entry in picks] or list(shifts))[:3]
    if not named:
        return "名次不变。" if language == "zh" else "It changes nobody's place."
    places = [(each.entry, *((each.counted, each.void) if is_counted else (each.void, each.counted))) for each in named]
    if language == "zh":
        head = f"若其 {estimate} 票作废" if estimate is not None else "若作废" if is_counted else "若计入"
        moves = "，".join(f"{entry} 由第 {now} 名变为第 {then} 名" for entry, now, then in places)
        return f"{head}：{moves}。"
    void = f"If {estimate} of them were void" if estimate is not None else "If it is void"
    head = void if is_counted else "If it is counted"
    moves = ", ".join(
        f"{entry} {'falls' if then > now else 'rises'} from {_ordinal(now)} to {_ordinal(then)}"
        for entry, now, then in places
    )
    return f"{head}, {moves}."


def _best(shift: RankShift) -> int:
    return min(shift.counted, shift.void)


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"
