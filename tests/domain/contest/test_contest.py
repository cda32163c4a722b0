"""Contest files: valid ones, and faults with their place and how to fix them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.conftest import contest_text
from voting.demo.demo_contest import document
from voting.domain.contest.contest import Contest
from voting.domain.contest.contest_file import decode_contest, read_contest
from voting.domain.contest.toml_schema import reference
from voting.errors import FileInvalid

GOOD = """\
id = "spring"
title = "春季评选"
host = "主办方"
time_zone = "Asia/Shanghai"

[window]
opens_at = 2026-08-01T00:00:00
days = 10

[[category]]
id = "one"
name = "类别一"

[[quota]]
picks = 5
period = "day"
"""


def test_a_local_opening_is_in_the_contests_time_zone() -> None:
    contest = read_contest(GOOD)
    assert contest.opens_at == datetime(2026, 7, 31, 16, tzinfo=UTC)
    assert contest.closes_at - contest.opens_at == timedelta(days=10)


def test_the_window_holds_its_opening_and_not_its_closing() -> None:
    contest = read_contest(GOOD)
    step = timedelta(microseconds=1)
    assert contest.phase(contest.opens_at - step) == "not_open"
    assert contest.phase(contest.opens_at) == "open"
    assert contest.phase(contest.closes_at - step) == "open"
    assert contest.phase(contest.closes_at - step, paused=True) == "paused"
    assert contest.phase(contest.closes_at) == "closed"


def test_opening_now_keeps_the_length() -> None:
    contest = read_contest(document())
    now = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    moved = contest.opening(now)
    assert (moved.opens_at, moved.closes_at) == (now, now + timedelta(days=10))


def test_the_demo_is_the_contest_of_document_004() -> None:
    contest = read_contest(document())
    assert [category.name for category in contest.categories] == [
        "推广科技成果",
        "突破产业瓶颈",
        "先进帮扶模式",
        "工作生活日常",
        "为乡村“带货”",
    ]
    assert contest.closes_at - contest.opens_at == timedelta(days=10)
    assert [(quota.picks, quota.per, quota.period) for quota in contest.quotas] == [
        (5, "contest", "day"),
        (1, "entry", "day"),
    ]
    assert contest.public_points.points == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "place", "says"),
    [
        ('id = "spring"', 'id = "Spring!"', 1, "id", "must match"),
        ('id = "spring"', "id = 5", 1, "id", "write text in quotes"),
        ('title = "春季评选"', "", 0, "title", "is missing"),
        ('title = "春季评选"', 'titel = "春季评选"', 2, "titel", "did you mean `title`?"),
        ('"Asia/Shanghai"', '"Asia/Shanghay"', 4, "time_zone", "is not a time zone"),
        ("[window]", "[windows]", 6, "windows", "did you mean `window`?"),
        ("days = 10", "days = 0", 8, "window.days", "at least 1"),
        ("days = 10", 'days = "ten"', 8, "window.days", "a whole number"),
        ("days = 10", "", 6, "window", "give one of closes_at, closes_on and days"),
        ("days = 10", "days = 10\ncloses_at = 2026-08-02T00:00:00", 6, "window", "must end in one way"),
        ("days = 10", "closes_at = 2026-08-01T00:00:00", 8, "window.closes_at", "after it begins"),
        ("2026-08-01T00:00:00", "2026-08-01", 7, "window.opens_at", "a date and time such as"),
        ("2026-08-01T00:00:00", '"tomorrow"', 7, "window.opens_at", "a date and time such as"),
        ('name = "类别一"', "", 10, "category[1].name", "is missing"),
        ("[[category]]", "[category]", 10, "category", "write [[category]] once for each"),
        ("picks = 5", "picks = -1", 15, "quota[1].picks", "at least 1"),
        ("picks = 5", "picks = 2.5", 15, "quota[1].picks", "a whole number"),
        ("picks = 5", "picks = true", 15, "quota[1].picks", "a whole number"),
        ('period = "day"', 'period = "dya"', 16, "quota[1].period", "did you mean 'day'?"),
        ('period = "day"', 'per = "voter"', 16, "quota[1].per", "one of: contest, category, entry"),
        ("picks = 5", "picks = 5\nballots = 1", 14, "quota[1]", "give one of them"),
        ("picks = 5", "", 14, "quota[1]", "give one of them"),
        ("picks = 5", 'ballots = 5\nper = "entry"', 14, "quota[1]", "leave `per` out"),
        ('"day"', '"sliding"', 14, "quota[1]", "minutes = 5"),
        ("picks = 5", "picks = 5\nminutes = 5", 14, "quota[1]", "only there"),
        ("[[quota]]", "[ballot]\nleast = 3\nmost = 2\n[[quota]]", 15, "ballot.least", "raise `most`"),
        ("[[quota]]", "[ballot]\nleast = 9\nmost = 9\n[[quota]]", 18, "quota[1].picks", "no ballot could fit"),
        ('id = "one"', 'id = "one', 11, "column 10", "is not TOML"),
        ("[[quota]]", '[[category]]\nid = "one"\nname = "二"\n[[quota]]', 15, "category[2].id", "stands twice"),
    ],
)
def test_faults_have_a_place_a_description_and_a_fix(old: str, new: str, line: int, place: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        read_contest(GOOD.replace(old, new, 1), "spring.toml")
    faults = refused.value.faults
    assert any((fault.line, fault.place) == (line, place) and says in str(fault) for fault in faults), str(
        refused.value
    )
    assert str(refused.value).startswith("spring.toml: ")


def test_years_outside_the_calendar_are_a_fault() -> None:
    for year in ("0001-01-01", "9999-12-31"):
        with pytest.raises(FileInvalid, match="outside the calendar"):
            read_contest(GOOD.replace("2026-08-01", year))


def test_every_fault_is_reported_at_once() -> None:
    broken = GOOD.replace("picks = 5", "picks = 0").replace('"day"', '"daily"').replace('id = "spring"', "id = 1")
    with pytest.raises(FileInvalid) as refused:
        read_contest(broken)
    assert [fault.line for fault in refused.value.faults] == [1, 15, 16]


def test_an_empty_file_names_the_required_columns() -> None:
    with pytest.raises(FileInvalid) as refused:
        read_contest("")
    assert {fault.place for fault in refused.value.faults} == {"id", "title", "host", "window", "quota"}


def test_a_contest_without_categories_is_valid() -> None:
    text = GOOD.replace('[[category]]\nid = "one"\nname = "类别一"\n', "")
    assert read_contest(text).category_ids == ("",)
    with pytest.raises(FileInvalid, match="the contest has no category"):
        read_contest(text + 'per = "category"\n')


@pytest.mark.parametrize(
    ("old", "new"),
    [('title = "春季评选"', f'title = "{"春" * 121}"'), ("days = 10", "days = 10\ncloses_on = 2026-08-09")],
    ids=["bounds", "cross-checks"],
)
def test_a_stored_contest_is_read_without_todays_checks(old: str, new: str) -> None:
    text = GOOD.replace(old, new)
    with pytest.raises(FileInvalid):
        read_contest(text)
    assert decode_contest(text, "spring").id == "spring"


def test_a_stored_contest_with_a_rule_of_a_newer_program_is_refused() -> None:
    with pytest.raises(FileInvalid, match="stored contest 'spring': line 1, least_age: is not a known key"):
        decode_contest("least_age = 18\n" + GOOD, "spring")


def test_the_reference_names_every_key() -> None:
    text = reference(Contest)
    for key in ("`id`", "`window.opens_at`", "`[[quota]]`", "`quota.picks`", "`public_points.places`", "`display.at`"):
        assert key in text
    assert "| `time_zone` | text in quotes | `Asia/Shanghai` |" in text
    assert '| `["web", "issued"]` |' in text
    assert "| `ballot.repeats` | true or false | `false` |" in text


def test_the_tests_own_contest_is_right() -> None:
    text = contest_text("x", "[[quota]]\npicks = 1\n", timedelta(0), timedelta(days=1))
    assert read_contest(text).id == "x"
