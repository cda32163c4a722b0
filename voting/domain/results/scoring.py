"""Ranks and public points. Counts are integers, points exact fractions until the one rounding when written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from voting.domain.contest.schema import PublicPoints
from voting.domain.identity.tier import TIERS, Tier


@dataclass(frozen=True, slots=True)
class Tally:
    """Picks of one entry. raw = held + counted + void."""

    raw: int = 0
    held: int = 0
    counted: int = 0
    version: int = 0
    """Grows with every change; a higher version is newer."""
    tiers: tuple[int, ...] = field(default=(), compare=False)
    """Counted picks by tier, in the order of `TIERS`, with those tallied apart; empty where they were not read."""

    @property
    def by_tier(self) -> dict[Tier, int]:
        """The counted picks by tier; ballots recorded before there were tiers are in none."""
        return dict(zip(TIERS, self.tiers or (0,) * len(TIERS), strict=True))


def ranks(picks: Mapping[str, int]) -> dict[str, int]:
    """Returns standard competition ranks (1, 2, 2, 4): one more than the number of entries with more picks."""
    bands = _bands(picks)
    return {entry: bands[count].start for entry, count in picks.items()}


def public_points(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Fraction]:
    """Returns exact points of every entry in `picks` by the rule's normaliser; all zero if nobody has picks."""
    if not any(picks.values()):
        return dict.fromkeys(picks, Fraction(0))
    return _NORMALISERS[rule.normaliser](picks, rule)


def _linear_to_leader(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Fraction]:
    """Returns points x picks / most picks (document 004, annex 2, section 2: the leader gets the most)."""
    most = max(picks.values())
    return {entry: Fraction(rule.points * count, most) for entry, count in picks.items()}


def _rank_linear(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Fraction]:
    """Returns points / N x (N - place + 1) (儋州村歌 2025: 5÷队数×得分基数)."""
    number, bands = len(picks), _bands(picks)
    # Equals have the first place of their band, or the mean of its places (设计赛 2018: 取并列段平均).
    places = {count: Fraction(band.start) if rule.ties == "shared" else _mean(band) for count, band in bands.items()}
    return {entry: rule.points * (number - places[count] + 1) / number for entry, count in picks.items()}


def _rank_step(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Fraction]:
    """Returns fixed points by place, none beyond the last step (汉语桥 2021: 第一名5分，第二名4分…)."""
    bands = _bands(picks)
    if rule.ties == "shared":
        return {entry: Fraction(_step(rule, bands[count].start)) for entry, count in picks.items()}
    return {entry: _mean([_step(rule, place) for place in bands[count]]) for entry, count in picks.items()}


def _share(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Fraction]:
    """Returns points x picks / all picks."""
    total = sum(picks.values())
    return {entry: Fraction(rule.points * count, total) for entry, count in picks.items()}


def _min_max(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Fraction]:
    """Returns points x (picks - fewest) / (most - fewest); all get the points if all have equally many picks."""
    fewest, most = min(picks.values()), max(picks.values())
    if fewest == most:
        return dict.fromkeys(picks, Fraction(rule.points))
    return {entry: Fraction(rule.points * (count - fewest), most - fewest) for entry, count in picks.items()}


def _percentile(picks: Mapping[str, int], rule: PublicPoints) -> dict[str, Fraction]:
    """Returns points x the share of the other entries with fewer picks; with ties = mean, equals count one half."""
    others = len(picks) - 1
    if not others:
        return dict.fromkeys(picks, Fraction(rule.points))
    bands = _bands(picks)
    fewer = {count: len(picks) - band.stop + 1 for count, band in bands.items()}
    equals = {count: Fraction(len(band) - 1, 2) if rule.ties == "mean" else 0 for count, band in bands.items()}
    return {entry: rule.points * (fewer[count] + equals[count]) / Fraction(others) for entry, count in picks.items()}


_NORMALISERS = {
    "linear_to_leader": _linear_to_leader,
    "rank_linear": _rank_linear,
    "rank_step": _rank_step,
    "share": _share,
    "min_max": _min_max,
    "percentile": _percentile,
}


def _bands(picks: Mapping[str, int]) -> dict[int, range]:
    """Returns the places, from 1, that the entries with equally many picks take together."""
    bands: dict[int, range] = {}
    place = 1
    for count, number in sorted(Counter(picks.values()).items(), reverse=True):
        bands[count] = range(place, place + number)
        place += number
    return bands


def _step(rule: PublicPoints, place: int) -> int:
    return rule.steps[place - 1] if place <= len(rule.steps) else 0


def _mean(values: Sequence[int]) -> Fraction:
    return Fraction(sum(values), len(values))


def rounded(value: Fraction, places: int) -> Decimal:
    """Returns `value`, not negative, with exactly `places` decimals, rounded half up."""
    scaled = value * 10**places
    whole = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return Decimal(whole).scaleb(-places).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
