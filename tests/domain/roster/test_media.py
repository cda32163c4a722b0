"""Facts of media files compared with a roster."""

from __future__ import annotations

import pytest

from tests.domain.contest.test_contest import GOOD
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain
from voting.domain.roster.media import MediaFacts, MediaFiles, Unread, media_names
from voting.domain.roster.roster import columns, read_roster
from voting.domain.roster.sheet import read_csv
from voting.errors import FileInvalid

RULES = {
    "duration": 'column = "时长"\nkind = "duration"\nleast = 180\nmost = 480',
    "resolution": 'column = "分辨率"\nkind = "resolution"\nleast = 1080',
    "ratio": 'column = "分辨率"\nkind = "ratio"\nvalues = ["16:9", "9:16"]',
    "container": 'column = "格式"\nkind = "container"\nvalues = ["mp4"]',
    "size": 'column = "大小"\nkind = "size"\nmost = 500',
}
CONTEST = read_contest('media = "文件"\n' + GOOD + "".join(f"\n[[entry_check]]\n{rule}\n" for rule in RULES.values()))
FACTS = MediaFacts("mp4", 12_543_210, 1920, 1080, 300_000)


def faults(cells: dict[str, str], files: MediaFiles) -> list[str]:
    row = {"code": "A1", "title": "一", "author": "甲", "category": "one"} | cells
    try:
        read_roster(read_csv(f"{','.join(row)}\n{','.join(row.values())}\n"), CONTEST, media=files)
    except FileInvalid as error:
        return [str(fault) for fault in error.faults]
    return []


def test_the_files_facts_fill_empty_cells_and_missing_columns() -> None:
    assert faults({"文件": "a.mp4"}, {"a.mp4": FACTS}) == []
    assert faults({"文件": "a.mp4", "时长": "", "大小": ""}, {"a.mp4": FACTS}) == []
    empty = [f"line 2, {column}: is empty; fill it in" for column in ("时长", "分辨率", "格式", "大小")]
    assert faults({"文件": ""}, {}) == empty


def test_the_files_facts_are_checked() -> None:
    assert faults({"文件": "a"}, {"a": MediaFacts("webm", 500_000_001, 1024, 768, 765_000)}) == [
        "line 2, 时长: '12:45' is too much; from 180 to 480 seconds",
        "line 2, 分辨率: '1024x768' is too little; at least 1080 on the shorter side",
        "line 2, 分辨率: '1024x768' is another ratio; one of: 16:9, 9:16",
        "line 2, 格式: 'webm' is not allowed; one of: mp4",
        "line 2, 大小: '500.000001' is too much; at most 500 MB",
    ]


@pytest.mark.parametrize(
    "cells",
    [
        {"时长": "04:59"},
        {"时长": "301"},
        {"分辨率": "1920×1080"},
        {"分辨率": "1920*1080"},
        {"格式": "MP4"},
        {"大小": "12"},
        {"大小": "13"},
        {"大小": "12.5"},
        {"大小": "12.6"},
        {"大小": "12.54321"},
    ],
)
def test_a_cell_that_matches_the_file_is_accepted(cells: dict[str, str]) -> None:
    assert faults({"文件": "a"} | cells, {"a": FACTS}) == []


@pytest.mark.parametrize(
    ("column", "cell", "says"),
    [
        ("时长", "04:58", "says '04:58', the file lasts 05:00; write 05:00, or give the right file"),
        ("分辨率", "3840x2160", "says '3840x2160', the file shows 1920x1080; write 1920x1080, or give the right file"),
        ("分辨率", "1080x1920", "says '1080x1920', the file shows 1920x1080; write 1920x1080, or give the right file"),
        ("格式", "mov", "says 'mov', the file is mp4; write mp4, or give the right file"),
        ("大小", "11", "says '11', the file has 12.54321 MB; write 12.54321, or give the right file"),
        ("大小", "12.4", "says '12.4', the file has 12.54321 MB; write 12.54321, or give the right file"),
    ],
)
def test_a_cell_that_contradicts_the_file_is_a_fault(column: str, cell: str, says: str) -> None:
    assert faults({"文件": "a", column: cell}, {"a": FACTS}) == [f"line 2, {column}: {says}"]


def test_of_a_cell_that_lies_the_file_is_checked() -> None:
    assert faults({"文件": "a", "时长": "03:10"}, {"a": MediaFacts("mp4", 1, 1920, 1080, 4_000_400)}) == [
        "line 2, 时长: says '03:10', the file lasts 1:06:40; write 1:06:40, or give the right file",
        "line 2, 时长: '1:06:40' is too much; from 180 to 480 seconds",
    ]


def test_an_unreadable_cell_is_reported_by_its_check() -> None:
    assert faults({"文件": "a", "时长": "五分钟", "大小": "12MB"}, {"a": FACTS}) == [
        "line 2, 时长: '五分钟' is not a duration; write it as 05:30, 1:05:30 or in seconds as 330",
        "line 2, 大小: '12MB' is not a size; write it in megabytes as 12 or 12.5",
    ]


@pytest.mark.parametrize(
    ("milliseconds", "right"), [(480_499, True), (480_500, False), (179_500, True), (179_499, False)]
)
def test_a_duration_is_taken_to_the_nearest_second(milliseconds: int, right: bool) -> None:
    assert (not faults({"文件": "a"}, {"a": MediaFacts("mp4", 1, 1920, 1080, milliseconds)})) is right


def test_a_file_of_unknown_length_leaves_the_cell() -> None:
    facts = MediaFacts("mp4", 1, 1920, 1080, None)
    assert faults({"文件": "a", "时长": "05:00"}, {"a": facts}) == []
    assert faults({"文件": "a"}, {"a": facts}) == ["line 2, 时长: is empty; fill it in"]


def test_a_file_that_gave_no_facts_is_one_fault() -> None:
    files = {"a": Unread("is no video", "give a video")}
    assert faults({"文件": "a"}, files) == ["line 2, 文件: is no video; give a video"]
    assert faults({"文件": "a", "时长": "9:00"}, files) == [
        "line 2, 文件: is no video; give a video",
        "line 2, 时长: '9:00' is too much; from 180 to 480 seconds",
    ]


def test_a_check_of_another_category_is_not_measured() -> None:
    rule = '[[category]]\nid = "two"\nname = "类别二"\n\n[[entry_check]]\ncategories = ["two"]\n' + RULES["duration"]
    contest = read_contest(f'media = "文件"\n{GOOD}\n{rule}\n')
    text = "code,title,author,category,文件,时长\nA1,一,甲,one,a,9:00\n"
    assert read_roster(read_csv(text), contest, media={"a": FACTS})


def test_the_rosters_columns() -> None:
    needed, known = columns(CONTEST)
    assert "文件" not in needed
    assert {"时长", "分辨率", "格式", "大小"} < set(needed)
    assert "文件" in known
    needed, measured = columns(CONTEST, measured=True)
    assert needed == ["code", "title", "author", "category", "文件"]
    assert set(measured) == set(known)
    assert faults({}, {})[0].startswith("line 1, 文件: the column is missing")


def test_each_file_is_named_once() -> None:
    assert media_names(read_csv("code,文件\nA,b.mp4\nB,\nC,a.mp4\nD,b.mp4\n"), CONTEST) == ("b.mp4", "a.mp4")
    assert media_names(read_csv("code\nA\n"), CONTEST) == ()


@pytest.mark.parametrize(
    ("media", "rule", "place", "says"),
    [
        (" x", "", "media", "has spaces around it"),
        ("cover", "", "media", 'such as media = "file"'),
        ("nomination", "", "media", "holds something else"),
        ("时长", RULES["duration"], "entry_check[1].column", "holds the names of the files, not a duration"),
    ],
)
def test_a_column_that_cannot_name_files_is_refused(media: str, rule: str, place: str, says: str) -> None:
    rule = f"\n[[entry_check]]\n{rule}\n" if rule else ""
    with pytest.raises(FileInvalid) as refused:
        read_contest(f'media = "{media}"\n{GOOD}{rule}')
    (fault,) = refused.value.faults
    assert (fault.place, bool(fault.line)) == (place, True)
    assert says in str(fault)


def test_containers_and_sizes_in_words() -> None:
    zh, en = explain(CONTEST, "zh"), explain(CONTEST, "en")
    assert {"作品“格式”须为“mp4”。", "作品“大小”不超过 500 MB。"} < set(zh)
    assert {"An entry's 格式: mp4.", "An entry's 大小: at most 500 MB."} < set(en)
