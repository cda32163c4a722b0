"""Nearly equal names in a contest file, contests without categories, and files that are not TOML."""

from __future__ import annotations

from fractions import Fraction

import pytest

from tests.domain.contest.test_contest import GOOD
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark, read_marks, uneven_panels
from voting.domain.results.outcome import Figures, compute
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import read_csv
from voting.errors import FileInvalid
from voting.services.results.simulation import made_entries

PLAIN = GOOD.replace('[[category]]\nid = "one"\nname = "类别一"\n', "")
ROUND = """
[[round]]
id = "final"
name = "终评"
full = 100
drop_highest = 0
drop_lowest = 0
[[round.criterion]]
name = "创新"
weight = 100
[[award]]
id = "first"
name = "一等奖"
by = "round:final"
count = 1
"""


def refused(text: str) -> str:
    with pytest.raises(FileInvalid) as error:
        read_contest(text, "c.toml")
    return str(error.value)


def test_a_contest_needs_no_category() -> None:
    contest = read_contest(PLAIN + ROUND)
    assert (contest.categories, contest.category_ids) == ((), ("",))
    entries = {each.code: each for each in read_roster(read_csv("code,title,author\nA1,一,甲\nA2,二,乙\n"), contest)}
    assert [entry.category for entry in entries.values()] == ["", ""]
    marks = read_marks(read_csv("judge,entry,创新\nJ,A1,80\nJ,A2,90\n"), contest.rounds[0], entries)
    outcome = compute(contest, Figures(entries, {}, {"final": marks}, {}, {}))
    assert [(given.award, given.holder) for given in outcome.awards] == [("first", "A2")]
    assert {entry.category for entry in made_entries(contest, 3).values()} == {""}
    assert all("创新" in " ".join(explain(contest, language)) for language in ("zh", "en"))
    lacking = (Mark("J", "A1", "创新", Fraction(1)), Mark("K", "A2", "创新", Fraction(1)))
    assert [*uneven_panels(lacking, entries)] == [
        "not all entries of the round have marks of the same judges; means of fewer count as much. Lacking: "
        "A1: K; A2: J"
    ]


def test_a_roster_of_such_a_contest_has_no_category() -> None:
    with pytest.raises(FileInvalid, match="line 1, category: is not a known column"):
        read_roster(read_csv("code,title,author,category\nA1,一,甲,x\n"), read_contest(PLAIN))


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (PLAIN.replace('period = "day"', 'period = "day"\nper = "category"'), "quota[1].per"),
        ("tags = 2\n" + PLAIN, "tags"),
        (PLAIN + ROUND + "per_category = true\n", "award[1].per_category"),
    ],
)
def test_rules_that_need_categories_are_reported(text: str, place: str) -> None:
    said = refused(text)
    assert f"{place}: the contest has no category; write a [[category]] for each, or leave this out" in said
    assert ": file" not in said


@pytest.mark.parametrize(
    ("id", "name", "says"),
    [
        ("two", "类 别一", "category[2].name: '类 别一' is nearly '类别一'"),
        ("two", "类别一\u200b", "category[2].name: '类别一\\u200b' is nearly '类别一'"),
        ("two", "ONE", "category[2].name: 'ONE' is nearly 'one'"),
        ("two", "one", "category[2].name: 'one' stands twice"),
        ("two", "类别⼀", "is nearly '类别一'"),
    ],
)
def test_categories_that_look_the_same_are_refused(id: str, name: str, says: str) -> None:
    assert says in refused(GOOD + f'[[category]]\nid = "{id}"\nname = "{name}"\n')


def test_a_category_may_have_its_id_for_a_name() -> None:
    assert read_contest(GOOD.replace("类别一", "One"))


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ('[[entry_check]]\ncolumn = "Title"\nkind = "filled"\n', "the column 'Title' is nearly 'title'"),
        (
            '[[entry_check]]\ncolumn = "时 长"\nkind = "filled"\n[[unique]]\ncolumn = "时长"\n',
            "'时长' is nearly '时 长'",
        ),
        ('[[unique]]\ncolumn = "ｃｏｄｅ"\n', "the column 'ｃｏｄｅ' is nearly 'code'"),
    ],
)
def test_columns_that_look_the_same_are_refused(more: str, says: str) -> None:
    assert says in refused(GOOD + more)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("创 新", "'创 新' is nearly '创新', another column of the marks"),
        ("Judge", "'Judge' is nearly 'judge', another column of the marks"),
        ("entry", "'entry' is another column of the marks; give the criterion another name"),
    ],
)
def test_criteria_that_look_the_same_are_refused(name: str, says: str) -> None:
    criterion = f'weight = 50\n[[round.criterion]]\nname = "{name}"\nweight = 50\n'
    assert says in refused(GOOD + ROUND.replace("weight = 100\n", criterion))


@pytest.mark.parametrize(
    "text",
    [
        "id = " + "[" * 50_000,
        "id = " + "{a=" * 50_000,
        "picks = " + "9" * 5_000,
        "id = 0x" + "f" * 20_000,
        "opens_at = 2026-13-45T00:00:00",
        "id = [" + "[" * 200 + "]" * 200 + "]",
        "a." * 3_000 + "b = 1",
        "x = 1e" + "9" * 400,
        "display = {mode = 0b" + "1" * 30_000 + "}",
    ],
    ids=["lists", "tables", "digits", "hex", "date", "nested", "dotted", "exponent", "binary"],
)
def test_no_text_is_anything_but_right_or_named(text: str) -> None:
    """`voting contest check` ended with a traceback for the first three."""
    said = refused(f"{text}\n")
    assert "c.toml: " in said
    assert len(said) < 20_000


@pytest.mark.parametrize(
    ("link", "says"),
    [
        ("http://x.cn/a", "is not a secure address; begin it with https://"),
        ("javascript:alert(1)//https://x", "is not a secure address"),
        ("https://", "names no host"),
        ("https:///a.mp4", "names no host"),
        ("https://x.cn:99999/", "names no host"),
        ("https://[::1/a", "names no host"),
        ("https://user:pw@x.cn/a", "names no host"),
        ("https://x.cn/\u200b", "holds a blank, a quote or another character"),
        ("https://x.cn/\\", "holds a blank, a quote or another character"),
        ("https://x.cn/a b", "holds a blank, a quote or another character"),
        ("https://x.cn/'><script>", "holds a blank, a quote or another character"),
        ('https://x/"" onclick=1', "holds a blank, a quote or another character"),
    ],
)
def test_an_invalid_video_link_is_refused(link: str, says: str) -> None:
    with pytest.raises(FileInvalid) as error:
        read_roster(read_csv(f'code,title,author,category,video\nA1,一,甲,one,"{link}"\n'), read_contest(GOOD))
    assert f"line 2, video: {link!r} "[:20] in str(error.value)
    assert says in str(error.value)


@pytest.mark.parametrize(
    "link",
    [
        "https://v.example.cn/a.mp4?x=1&y=%E4%B8%AD#t=5",
        "HTTPS://例子.中国/视频/1",
        "https://[2001:db8::1]:8443/a_(b)~c",
    ],
)
def test_a_valid_video_link_is_accepted(link: str) -> None:
    text = f'code,title,author,category,video\nA1,一,甲,one,"{link}"\n'
    assert read_roster(read_csv(text), read_contest(GOOD))[0].video == link


def test_a_summary_may_have_paragraphs_and_a_title_may_not() -> None:
    head = "code,title,author,category,summary\n"
    contest = read_contest(GOOD)
    entry = read_roster(read_csv(head + 'A1,一,甲,one,"第一段\r\n\r\n第二段"\n'), contest)[0]
    assert entry.summary == "第一段\n\n第二段"
    assert entry == Entry("A1", "一", "甲", "one", "第一段\n\n第二段")
    for column, cells in (
        ("title", '"一\n二",甲,one,'),
        ("author", '一,"甲\r乙",one,'),
        ("category", '一,甲,"o\tne",'),
    ):
        with pytest.raises(FileInvalid, match=f"line 2, {column}: has a line break or a tab; write the cell on one"):
            read_roster(read_csv(f"{head}A1,{cells}\n"), contest)
