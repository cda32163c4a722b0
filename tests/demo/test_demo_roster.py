"""The demo contest's roster and covers: complete, varied, within the call's limits and safe to serve."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree

import pytest

from voting import demo
from voting.demo import covers
from voting.demo.covers.families import FAMILIES

ROSTER = Path(demo.__file__).with_name("roster.csv")
HEADER = ["code", "title", "author", "category", "summary", "cover"]
CATEGORIES = {"推广科技成果", "突破产业瓶颈", "先进帮扶模式", "工作生活日常", "为乡村“带货”"}
DRAWN = {"svg", "g", "path", "rect", "circle", "ellipse", "linearGradient", "stop"}


@pytest.fixture(scope="module")
def roster() -> list[dict[str, str]]:
    with ROSTER.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        assert reader.fieldnames == HEADER
        return list(reader)


@pytest.fixture(scope="module")
def drawings(roster: list[dict[str, str]]) -> dict[str, str]:
    return {row["code"]: covers.draw(row["code"], row["category"]) for row in roster}


def test_the_file_opens_in_a_spreadsheet() -> None:
    assert ROSTER.read_bytes().startswith(b"\xef\xbb\xbf")


def test_codes_run_from_a001_to_a120_and_name_their_covers(roster: list[dict[str, str]]) -> None:
    assert [row["code"] for row in roster] == [f"A{number:03}" for number in range(1, 121)]
    assert all(row["cover"] == f"{row['code']}.svg" for row in roster)


def test_every_field_is_filled_and_trimmed(roster: list[dict[str, str]]) -> None:
    assert all(value and value == value.strip() for row in roster for value in row.values())


def test_titles_are_unique_and_short(roster: list[dict[str, str]]) -> None:
    titles = [row["title"] for row in roster]
    assert len(set(titles)) == 120
    assert all(6 <= len(title) <= 18 for title in titles)


def test_each_direction_has_24_entries_and_none_stands_in_one_block(roster: list[dict[str, str]]) -> None:
    order = [row["category"] for row in roster]
    assert Counter(order) == dict.fromkeys(CATEGORIES, 24)
    assert all(len(set(order[at : at + 3])) > 1 for at in range(118))


def test_summaries_are_unique_and_within_the_calls_100_characters(roster: list[dict[str, str]]) -> None:
    summaries = [row["summary"] for row in roster]
    assert len(set(summaries)) == 120
    assert all(30 <= len(summary) <= 100 for summary in summaries)


def test_about_a_hundred_teams_take_part(roster: list[dict[str, str]]) -> None:
    assert len({row["author"] for row in roster}) >= 95


def test_covers_are_distinct_and_the_same_on_every_call(roster: list[dict[str, str]], drawings: dict[str, str]) -> None:
    assert len(set(drawings.values())) == 120
    assert all(covers.draw(row["code"], row["category"]) == drawings[row["code"]] for row in roster)


def test_covers_are_under_4_kb(drawings: dict[str, str]) -> None:
    assert max(len(drawing.encode()) for drawing in drawings.values()) < 4096


def test_covers_hold_only_inert_shapes(drawings: dict[str, str]) -> None:
    for drawing in drawings.values():
        elements = list(ElementTree.fromstring(drawing).iter())
        assert elements[0].get("viewBox") == "0 0 640 360"
        assert {element.tag.rpartition("}")[2] for element in elements} <= DRAWN
        assert not any((element.text or element.tail or "").strip() for element in elements)
        attributes = {name.lower() for element in elements for name in element.attrib}
        assert not any("href" in name or name == "style" or name.startswith("on") for name in attributes)


def test_covers_refer_to_nothing_but_their_own_gradient(drawings: dict[str, str]) -> None:
    for code, drawing in drawings.items():
        assert drawing.count("url(") == drawing.count(f"url(#s{code})") == 1
        assert drawing.count("http") == drawing.count('xmlns="http://www.w3.org/2000/svg"') == 1


def test_an_unknown_category_still_gets_a_cover() -> None:
    ElementTree.fromstring(covers.draw("<&x>", "其他"))


def test_every_category_has_its_own_family() -> None:
    assert set(FAMILIES) == CATEGORIES
