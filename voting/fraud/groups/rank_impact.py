"""What a group does to the ranking: who would stand where, were its ballots counted, and were they void."""

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
    """Every entry whose place hangs on the group, the best place first."""

    shifts: tuple[RankShift, ...]
    ballots: int
    decides: bool
    """Whether it changes a place that a cut or an award may hang on."""

    def order(self) -> tuple[int, int, int]:
        """Sorts first what decides about the best place, then what moves most entries, then what is largest."""
        best = _best(self.shifts[0]) if self.shifts else 1_000_000_000
        return best, -len(self.shifts), -self.ballots


def effect(
    counted: Mapping[str, int], picks: Mapping[str, int], ballots: int, stakes: Collection[Stake], *, is_counted: bool
) -> Effect:
    """The effect of a group with these picks on the tally of every entry; `is_counted`: they are in it now."""
    sign = -1 if is_counted else 1
    other = {entry: count + sign * picks.get(entry, 0) for entry, count in counted.items()}
    with_it, without = (counted, other) if is_counted else (other, counted)
    shifts = _shifts(with_it, without, counted)
    # Its own entries first among equals: they are what it is about.
    shifts.sort(key=lambda shift: (_best(shift), shift.entry not in picks, shift.entry))
    decides = any(_best(shift) <= places for among, places in stakes for shift in _shifts(with_it, without, among))
    return Effect(tuple(shifts), ballots, decides)


def _shifts(with_it: Mapping[str, int], without: Mapping[str, int], among: Collection[str]) -> list[RankShift]:
    """The places that differ, counted among some entries."""
    before, after = (ranks({entry: tally[entry] for entry in among}) for tally in (with_it, without))
    return [RankShift(entry, before[entry], after[entry]) for entry in among if before[entry] != after[entry]]


def in_words(
    shifts: tuple[RankShift, ...], picks: Mapping[str, int], language: str, estimate: int | None = None
) -> str:
    """The effect in one sentence: on the entries that the group voted for, or where those keep their places, on others.
    `estimate`: what is thought void is no group but so many picks."""
    told = ([shift for shift in shifts if shift.entry in picks] or list(shifts))[:3]
    if not told:
        return "名次不变。" if language == "zh" else "It changes nobody's place."
    if language == "zh":
        head = "若作废" if estimate is None else f"若其 {estimate} 票作废"
        moves = "，".join(f"{each.entry} 由第 {each.counted} 名变为第 {each.void} 名" for each in told)
        return f"{head}：{moves}。"
    head = "If it is void" if estimate is None else f"If {estimate} of them were void"
    moves = ", ".join(
        f"{each.entry} {'falls' if each.void > each.counted else 'rises'} from {_ordinal(each.counted)}"
        f" to {_ordinal(each.void)}"
        for each in told
    )
    return f"{head}, {moves}."


def _best(shift: RankShift) -> int:
    return min(shift.counted, shift.void)


def _ordinal(number: int) -> str:
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"
