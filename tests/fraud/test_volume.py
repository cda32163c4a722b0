"""Grown days: far above the week before, allowing for the news that the whole contest makes."""

from __future__ import annotations

from datetime import date, timedelta

from voting.fraud.groups.volume import GrownDay, grown_days

DAYS = [date(2026, 5, 1) + timedelta(days=number) for number in range(10)]


def by_day(*counts: int) -> dict[date, int]:
    return dict(zip(DAYS, counts, strict=False))


def test_an_entrys_grown_day_is_found_and_a_steady_one_not() -> None:
    steady = by_day(400, 420, 390, 410, 430, 400, 380, 420, 400, 390)
    grown = by_day(50, 60, 40, 50, 60, 700, 50, 300, 50, 60)
    assert grown_days(DAYS, {"A": steady, "B": grown}) == [GrownDay("B", DAYS[5], 700, 50)]


def test_news_of_the_whole_contest_raises_all_entries_and_is_one_case() -> None:
    picks = {f"E{number}": by_day(*[100] * 6, 600, 100, 100, 100) for number in range(5)}
    assert grown_days(DAYS, picks) == [GrownDay("", DAYS[6], 3000, 500)]


def test_the_first_days_and_small_numbers_are_no_growth() -> None:
    assert grown_days(DAYS, {"A": by_day(5000, 5, 4000, 5, 5, 90, 5)}) == []
    assert grown_days([], {}) == []
