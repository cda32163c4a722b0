"""Each kind of check on a column: accepted and refused values."""

from __future__ import annotations

import pytest

from tests.domain.contest.test_contest import GOOD
from voting.domain.contest.contest_file import read_contest
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import read_csv
from voting.errors import Fault, FileInvalid

SIZE = 'kind = "resolution"\nleast = 720'
RATIO = 'kind = "ratio"\nvalues = ["16:9", "9:16"]'
LENGTH = 'kind = "duration"\nleast = 180\nmost = 600'
NUMBER = 'kind = "number"\nleast = 3\nmost = 5'
TEXT = 'kind = "text"\nmost = 5'
CONTAINER = 'kind = "container"\nvalues = ["mp4", "mov"]'
MEGABYTES = 'kind = "size"\nmost = 500'
FORMAT = 'kind = "one_of"\nvalues = ["MP4", "MOV"]'
NAME = "kind = \"pattern\"\npattern = '.+推荐讲好中国工业故事'"


def faults(rule: str, cell: str, category: str = "one") -> tuple[Fault, ...]:
    second = '[[category]]\nid = "two"\nname = "类别二"\n'
    contest = read_contest(f'{GOOD}\n{second}\n[[entry_check]]\ncolumn = "x"\n{rule}\n')
    sheet = read_csv(f'code,title,author,category,x\nA1,一,甲,{category},"{cell}"\n')
    try:
        read_roster(sheet, contest)
    except FileInvalid as error:
        return error.faults
    return ()


@pytest.mark.parametrize(
    ("rule", "cells"),
    [
        ('kind = "filled"', ["x", "0"]),
        (NUMBER, ["3", "5", "4.5", "３", "5.000"]),
        ('kind = "number"\nmost = 5', ["-1", "0"]),
        (TEXT, ["五个字以内", "a"]),
        (FORMAT, ["mp4", "MP4", "Mov"]),
        (NAME, ["甲单位推荐讲好中国工业故事"]),
        (SIZE, ["1920x1080", "1920×1080", "720*1280", "1280 X 720", "1080P", "720p", "１９２０×１０８０"]),
        (RATIO, ["1920x1080", "1080×1920", "16:9", "9：16", "1366x768"]),
        (LENGTH, ["03:00", "10:00", "5:30", "0:05:30", "180", "600", "５：３０"]),
        (CONTAINER, ["mp4", "MP4", ".mp4", "ＭＰ４", "MPEG-4", "QuickTime"]),
        (MEGABYTES, ["500", "12.5", "0", "499.999999", "１２．５"]),
        ('kind = "duration"\nleast = 3600', ["1:00:00", "60:00", "3600"]),
    ],
)
def test_valid_cells_are_accepted(rule: str, cells: list[str]) -> None:
    for cell in cells:
        assert faults(rule, cell) == (), cell


@pytest.mark.parametrize(
    ("rule", "cell", "what", "mend"),
    [
        ('kind = "filled"', "", "is empty", "fill it in"),
        (NUMBER, "", "is empty", "fill it in"),
        (NUMBER, "三", "'三' is not a number", "write it as 12 or 12.5"),
        (NUMBER, "1e1", "'1e1' is not a number", "write it as 12 or 12.5"),
        (NUMBER, "2.999999999", "'2.999999999' is too little", "from 3 to 5"),
        (NUMBER, "6", "'6' is too much", "from 3 to 5"),
        (TEXT, "超过了五个字", "'超过了五个字' with 6 characters is too much", "at most 5 characters"),
        (FORMAT, "MPV", "'MPV' is not allowed", "did you mean 'MP4'? one of: MP4, MOV"),
        (NAME, "推荐", "'推荐' does not fit", "it must match .+推荐讲好中国工业故事"),
        (NAME, "x" * 256, f"'{'x' * 39}…' has 256 characters", "at most 255"),
        (SIZE, "1920", "'1920' is not a resolution", "write it as 1920x1080 or 1080P"),
        (SIZE, "1920x0", "'1920x0' is not a resolution", "write it as 1920x1080 or 1080P"),
        (SIZE, "1280x719", "'1280x719' is too little", "at least 720 on the shorter side"),
        (SIZE, "480P", "'480P' is too little", "at least 720 on the shorter side"),
        (RATIO, "1080P", "'1080P' has no ratio", "write the size as 1920x1080, or the ratio: 16:9, 9:16"),
        (RATIO, "1024x768", "'1024x768' is another ratio", "one of: 16:9, 9:16"),
        (RATIO, "4:3", "'4:3' is another ratio", "one of: 16:9, 9:16"),
        (CONTAINER, "mp5", "'mp5' is not allowed", "did you mean 'mp4'? one of: mp4, mov"),
        (CONTAINER, "webm", "'webm' is not allowed", "one of: mp4, mov"),
        (MEGABYTES, "500.000001", "'500.000001' is too much", "at most 500 MB"),
        (MEGABYTES, "12 MB", "'12 MB' is not a size", "write it in megabytes as 12 or 12.5"),
        (MEGABYTES, "-1", "'-1' is not a size", "write it in megabytes as 12 or 12.5"),
        (LENGTH, "5分钟", "'5分钟' is not a duration", "write it as 05:30, 1:05:30 or in seconds as 330"),
        (LENGTH, "5:60", "'5:60' is not a duration", "write it as 05:30, 1:05:30 or in seconds as 330"),
        (LENGTH, "1:60:00", "'1:60:00' is not a duration", "write it as 05:30, 1:05:30 or in seconds as 330"),
        (LENGTH, "02:59", "'02:59' is too little", "from 180 to 600 seconds"),
        (LENGTH, "10:01", "'10:01' is too much", "from 180 to 600 seconds"),
    ],
)
def test_invalid_cells_are_faults(rule: str, cell: str, what: str, mend: str) -> None:
    assert faults(rule, cell) == (Fault(2, "x", what, mend),)


def test_sizes_within_one_percent_have_the_ratio() -> None:
    assert not faults(RATIO, "1795x1000")
    assert faults(RATIO, "1796x1000")


def test_an_optional_cell_may_be_empty() -> None:
    assert not faults(f"{NUMBER}\nneeded = false", "")
    assert faults(f"{NUMBER}\nneeded = false", "9")


def test_a_check_of_one_category_does_not_concern_the_others() -> None:
    assert faults(f'{NUMBER}\ncategories = ["one"]', "9", "one")
    assert not faults(f'{NUMBER}\ncategories = ["one"]', "9", "类别二")
    assert not faults(f'{NUMBER}\ncategories = ["one"]', "", "two")


def test_a_needed_column_must_be_there_and_another_may_be_left_out() -> None:
    plain = read_csv("code,title,author,category\nA1,一,甲,one\n")
    for needed, right in (("true", False), ("false", True)):
        contest = read_contest(f'{GOOD}\n[[entry_check]]\ncolumn = "时长"\n{LENGTH}\nneeded = {needed}\n')
        if right:
            assert read_roster(plain, contest)
        else:
            with pytest.raises(FileInvalid, match="line 1, 时长: the column is missing"):
                read_roster(plain, contest)


def test_a_misspelled_column_of_a_check_is_reported() -> None:
    contest = read_contest(f'{GOOD}\n[[entry_check]]\ncolumn = "duration"\n{LENGTH}\n')
    with pytest.raises(FileInvalid, match="did you mean 'duration'"):
        read_roster(read_csv("code,title,author,category,durations\nA1,一,甲,one,5:30\n"), contest)


def test_text_in_a_checked_column_may_have_several_lines() -> None:
    assert not faults('kind = "text"\nmost = 100', "第一行\n第二行")
    assert faults('kind = "text"\nmost = 100', "a\x07b")
    assert faults('kind = "filled"', "x" * 10_001)


@pytest.mark.parametrize(
    ("rule", "place", "says"),
    [
        ('[[entry_check]]\ncolumn = "x"\nkind = "number"', "entry_check[1].least", "needs least or most"),
        ('[[entry_check]]\ncolumn = "x"\nleast = 1', "entry_check[1].least", "takes no least or most"),
        ('[[entry_check]]\ncolumn = "x"\nkind = "one_of"', "entry_check[1].values", "needs values"),
        ('[[entry_check]]\ncolumn = "x"\nkind = "ratio"', "entry_check[1].values", "needs values"),
        ('[[entry_check]]\ncolumn = "x"\nkind = "ratio"\nvalues = ["16/9"]', "entry_check[1].values", "as 16:9"),
        ('[[entry_check]]\ncolumn = "x"\nkind = "container"', "entry_check[1].values", 'such as values = ["mp4"]'),
        ('[[entry_check]]\ncolumn = "x"\nkind = "size"', "entry_check[1].least", "needs least or most"),
        ('[[entry_check]]\ncolumn = "x"\nkind = "size"\nmost = 5\nvalues = ["5"]', "entry_check[1].values", "takes no"),
        ('[[entry_check]]\ncolumn = "x"\nkind = "pattern"', "entry_check[1].pattern", "needs pattern"),
        ('[[entry_check]]\ncolumn = "x"\nkind = "pattern"\npattern = "("', "entry_check[1].pattern", "not a regular"),
        ('[[entry_check]]\ncolumn = "x"\npattern = "a"', "entry_check[1].pattern", "takes no pattern"),
        ('[[entry_check]]\ncolumn = " x"', "entry_check[1].column", "spaces around it"),
        ('[[entry_check]]\ncolumn = "x"\nneeded = false', "entry_check[1].needed", "nothing is checked"),
        ('[[entry_check]]\ncolumn = "x"\ncategories = ["no"]', "entry_check[1].categories", "no category 'no'"),
        (
            '[[entry_check]]\ncolumn = "x"\nkind = "text"\nleast = 2\nmost = 1',
            "entry_check[1].least",
            "2 is more than most = 1",
        ),
        ('[[nomination]]\nid = "a"\nname = "甲"\nleast = 3\nmost = 2', "nomination[1].least", "3 is more than most"),
        ('[[nomination]]\nid = "a"\nname = "甲"\nmost = 2\nmost_percent = 40', "nomination[1]", "give most or"),
        ('[[nomination]]\nid = "a"\nname = "甲"\n' * 2, "nomination[2].id", "stands twice"),
        (
            '[[unique]]\ncolumn = "x"\nnominations = ["a"]',
            "unique[1].nominations",
            "no nomination 'a'; there are: none",
        ),
    ],
)
def test_rules_that_cannot_be_checked_are_faults_of_the_contests_file(rule: str, place: str, says: str) -> None:
    with pytest.raises(FileInvalid) as refused:
        read_contest(f"{GOOD}\n{rule}\n")
    (fault,) = refused.value.faults
    assert fault.place == place
    assert says in str(fault)
    assert fault.line > GOOD.count("\n")
