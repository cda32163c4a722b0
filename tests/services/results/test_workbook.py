"""The workbook's formulas give the service's figures: computed again by LibreOffice, from the votes and marks in it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import shutil
import subprocess
import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import openpyxl
import pytest

from tests.conftest import eventually
from tests.recorded.documents import DOCUMENT_NAMES, completed
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.schema import Window
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark
from voting.domain.results.organisations import organisations
from voting.domain.results.outcome import Figures
from voting.domain.results.scoring import Tally
from voting.errors import NotScorable
from voting.postgres.contests import StoredContest
from voting.services.results import workbook
from voting.services.results.awards import AWARD_COLUMNS
from voting.services.results.binding import Inputs
from voting.services.results.reports import Report, as_json, blend, columns_of, make_report
from voting.services.results.workbook import as_xlsx

PROGRAM = shutil.which("soffice")
needs_office = pytest.mark.skipif(
    PROGRAM is None, reason="LibreOffice is not there; tests/programs.sh says how to get it"
)
# A binary fraction has 15 to 16 digits; numbers that are not rounded may differ in the last ones.
NEAR = 1e-12

# Every rule that the workbook has a formula for, many of them together; the normaliser is filled in.
EVERYTHING = """\
id = "everything"
title = "=1+1"
host = "h"
changeable = ["withdrawal"]
[window]
opens_at = 2023-08-01T00:00:00
days = 10
[[category]]
id = "one"
name = "甲"
[[category]]
id = "two"
name = "乙:[?]'"
[[quota]]
picks = 5
[[nomination]]
id = "province"
name = "省"
[[nomination]]
id = "own"
name = "自荐"
[public_points]
normaliser = "NORMALISER"
points = 30
scope = "SCOPE"
ties = "TIES"
places = 3
STEPS
[[round]]
id = "first"
name = "初评"
full = 10
[[round.criterion]]
name = "创新"
weight = 60
categories = ["one"]
[[round.criterion]]
name = "创新"
weight = 30
categories = ["two"]
[[round.criterion]]
name = "表现"
weight = 40
categories = ["one"]
[[round.criterion]]
name = "表达"
weight = 70
categories = ["two"]
[[round]]
id = "final"
name = "终评"
drop_highest = 1
drop_lowest = 1
[[round.criterion]]
name = "现场"
weight = 100
[[metric]]
id = "likes"
name = "点赞"
[[metric]]
id = "reports"
name = "报道"
of = "organisation"
[[metric]]
id = "decision"
name = "裁定"
[[cut]]
by = "round:first"
keep = 20
[[cut]]
by = "votes"
keep = 12
ties = "order"
order = ["round:first", "metric:decision"]
[blend]
places = 2
[[blend.part]]
source = "round:final"
points = 60
[[blend.part]]
source = "metric:likes"
points = 10
[[blend.part]]
source = "public"
points = 30
[[award]]
id = "best"
name = "最佳 '奖'"
by = "final"
count = 2
order = ["round:final", "metric:decision"]
[[award]]
id = "voted"
name = "人气奖"
by = "votes"
percent = 20
among = "all"
ties = "include"
excludes = ["best"]
[[award]]
id = "each"
name = "类别奖"
by = "public"
count = 1
per_category = true
excludes = ["best", "voted"]
order = ["final", "metric:decision"]
[[award]]
id = "liked"
name = "点赞奖"
by = "metric:likes"
count = 3
order = ["metric:decision"]
[[organisation_award]]
id = "organiser"
name = "组织奖"
count = 2
nominations = ["province"]
[[organisation_award.merit]]
source = "entries"
each = 1
[[organisation_award.merit]]
source = "finalists"
each = 3
[[organisation_award.merit]]
source = "awards"
each = 5
[[organisation_award.merit]]
source = "metric:reports"
each = 2
"""
NORMALISERS = ("linear_to_leader", "rank_linear", "rank_step", "share", "min_max", "percentile")


def everything(normaliser: str, scope: str = "finalists", ties: str = "mean") -> str:
    steps = "steps = [30, 20, 15, 10, 5]" if normaliser == "rank_step" else ""
    text = EVERYTHING.replace("NORMALISER", normaliser).replace("SCOPE", scope).replace("TIES", ties)
    return text.replace("STEPS", steps)


def report_of(document: str, seed: int, grain: int, number: int = 30) -> tuple[Report, Report]:
    """The public and the whole report of a contest with made-up figures; the smaller `grain`, the more ties."""
    contest, dice = read_contest(document), random.Random(seed)
    ways = [way.id for way in contest.nominations] or [""]
    entries = {}
    for place in range(1, number + 1):
        code = f"{'=+-@'[place % 4] if place < 9 else ''}{place:03d}"
        category = contest.category_ids[place % len(contest.category_ids)]
        sender, way = f"@单位{place % 5}", ways[place // 5 % len(ways)]
        entries[code] = Entry(code, f"=作品{place}", f"+作者{place}", category, recommender=sender, nomination=way)
    tally = {code: Tally(counted + 7, 3, counted) for code in entries if (counted := dice.randint(0, grain) * 7)}
    marks = {
        round_.id: [
            Mark(f"=J{judge}", code, each.name, Fraction(dice.randint(0, grain), grain) * round_.full)
            for judge in range(1, dice.randint(4, 8))
            for code, entry in entries.items()
            for each in round_.rubric(entry.category)
        ]
        for round_ in contest.rounds
    }
    metrics = {
        metric.id: {
            holder: order if metric.id == "decision" else dice.randint(0, grain)
            for order, holder in enumerate(entries if metric.of == "entry" else organisations(entries.values()))
        }
        for metric in contest.metrics
    }
    revoked = {(award.id, dice.choice([*entries])): "=抄袭" for award in contest.awards[:1]}
    picks = {code: each.counted for code, each in tally.items()}
    public, blended = reports(document, Figures(entries, picks, marks, metrics, revoked), tally)
    return public, blended


def reports(document: str, figures: Figures, tally: Mapping[str, Tally]) -> tuple[Report, Report]:
    now = datetime.now(UTC)
    head = ("t", document, Window(now, now), uuid.uuid4(), False, "", 1, None, False, False, "")
    stored = StoredContest(*head, display=None, announcements=(), read_at=now)
    inputs = Inputs(stored, figures, tally, None, ())
    public = make_report(inputs, "closed")
    return public, blend(public, inputs)


def computed_again(books: Mapping[str, bytes], folder: Path) -> dict[str, bytes]:
    """The books after LibreOffice computed every formula: they are handed to it without any values of formulas."""
    (folder / "in").mkdir()
    for name, content in books.items():
        openpyxl.load_workbook(io.BytesIO(content)).save(folder / "in" / f"{name}.xlsx")
    assert PROGRAM
    subprocess.run(
        [PROGRAM, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", "xlsx", "--outdir",
         folder / "out", *(folder / "in").iterdir()],
        check=True, capture_output=True,
    )  # fmt: skip
    return {name: (folder / "out" / f"{name}.xlsx").read_bytes() for name in books}


def check(name: str, report: Report, book: bytes, again: bytes) -> None:
    """Every cell equals the service's figure: as written, and as computed again."""
    written = openpyxl.load_workbook(io.BytesIO(book), data_only=True)
    computed = openpyxl.load_workbook(io.BytesIO(again), data_only=True)
    assert computed.sheetnames == written.sheetnames
    for sheet in written:
        for row in sheet.iter_rows():
            for cell in row:
                value = computed[sheet.title][cell.coordinate].value
                where = (name, sheet.title, cell.coordinate)
                if isinstance(cell.value, float):
                    assert value == pytest.approx(cell.value, rel=NEAR, abs=NEAR), where
                else:
                    assert (value or "") == (cell.value or ""), where
    content = as_json(report)
    expected = {"results": (columns_of(report), content["entries"])}
    if report.blended:
        expected["awards"] = (AWARD_COLUMNS, content["awards"])
    for sheet_name, (columns, lines) in expected.items():
        rows = [*computed[sheet_name].iter_rows(min_row=2, max_col=len(columns), values_only=True)]
        assert len([row for row in rows if row[0] is not None]) == len(lines)
        for line, row in zip(lines, rows, strict=False):
            assert [*shown(row, [str(line[column]) for column in columns])] == [
                str(line[column]) for column in columns
            ], (name, sheet_name)


def shown(row: tuple[object, ...], like: list[str]) -> Iterator[str]:
    """A row's cells as text; a number must be the binary fraction that is nearest to the decimal, no other."""
    for value, text in zip(row, like, strict=True):
        if isinstance(value, float | int):
            yield text if text and float(text) == value else repr(value)
        else:
            yield "" if value is None else str(value)


CLOSE = """\
id = "close"
title = "t"
host = "h"
[window]
opens_at = 2023-08-01T00:00:00
days = 10
[[quota]]
picks = 5
[[round]]
id = "final"
name = "终评"
[[round.criterion]]
name = "现场"
weight = 100
[blend]
places = 1
[[blend.part]]
source = "round:final"
points = 100
"""


@pytest.mark.parametrize(
    ("marks", "noted"),
    [
        (("87.35", "87.25"), []),
        (("87.35", "87.35"), []),
        (("87.300000000000001", "87.3"), ["rank"]),
        (("87.349999999999999", "87.3"), ["final"]),
        (("87.350000000000001", "87.3"), []),
    ],
)
def test_what_a_spreadsheet_cannot_tell_apart_stands_as_a_number(marks: tuple[str, str], noted: list[str]) -> None:
    entries = {code: Entry(code, code, "", "") for code in ("A", "B")}
    given = [Mark("J", code, "现场", Fraction(mark)) for code, mark in zip(entries, marks, strict=True)]
    _, report = reports(CLOSE, Figures(entries, {}, {"final": given}, {}, {}), {})
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report)))
    texts = [str(cell.value) for row in book["results"].iter_rows() for cell in row]
    notes = [text for text in texts if text.startswith("note: ")]
    assert [note.split(": ")[1].split(", ")[1] for note in notes] == noted
    sheet = book["1 综合得分 final"]
    headings = [cell.value for cell in sheet[2]]
    for name in ("rank", "final"):
        values = [sheet.cell(row, headings.index(name) + 1).value for row in (3, 4)]
        assert [isinstance(value, str) for value in values] == [name not in noted] * 2
    assert [row.place for row in report.rows] == ([1, 1] if len({*map(Fraction, marks)}) == 1 else [1, 2])


UNDECIDED = CLOSE.replace("[blend]", '[[metric]]\nid = "likes"\nname = "点赞"\n[blend]').replace(
    "round:final", "metric:likes"
)
AWARD = """
[[award]]
id = "voted"
name = "人气奖"
by = "votes"
count = 1
order = ["round:final"]
[[cut]]
by = "votes"
keep = 2
ties = "order"
order = ["round:final"]
"""


def test_tie_breaks_without_marks_that_decide_nothing_are_left_out() -> None:
    entries = {code: Entry(code, code, "", "") for code in ("A", "B", "C")}
    tally = {code: Tally(picks, 0, picks) for code, picks in zip(entries, (3, 2, 1), strict=True)}
    picks = {code: each.counted for code, each in tally.items()}
    too_few = [Mark("J", "C", "现场", Fraction(9))]
    for rules, marks in (
        (UNDECIDED, {}),
        (UNDECIDED.replace('"终评"', '"终评"\ndrop_highest = 1'), {"final": too_few}),
    ):
        figures = Figures(entries, picks, marks, {"likes": dict.fromkeys(entries, 1)}, {})
        _, report = reports(rules + AWARD, figures, tally)
        book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report)))
        texts = [str(cell.value) for row in book["results"].iter_rows() for cell in row]
        notes = [text for text in texts if text.startswith("note: ") and "'round:final'" in text]
        assert [note.partition(",")[0] for note in notes] == ["note: 1 入围 有效票数", "note: 3 人气奖"]
        assert book["awards"]["C2"].data_type == "f", "the award is computed all the same"


async def test_workbooks_are_made_one_at_a_time_and_none_for_who_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    _, report = report_of(everything("share"), 1, 5)
    begun: list[Report] = []
    goes_on = threading.Event()

    def slow(asked: Report) -> bytes:
        begun.append(asked)
        assert goes_on.wait(60)
        return as_xlsx(asked)

    monkeypatch.setattr(workbook, "as_xlsx", slow)
    first, gone, last = [asyncio.ensure_future(workbook.as_xlsx_in_turn(report)) for _ in range(3)]

    async def has_begun() -> bool:
        return bool(begun)

    await eventually(has_begun)
    gone.cancel()
    await asyncio.sleep(0.1)
    assert len(begun) == 1
    goes_on.set()
    assert (await first)[:2] == (await last)[:2] == b"PK"
    assert len(begun) == 2


def test_texts_that_begin_like_formulas_are_texts() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report_of(everything("share"), 1, 5)[1])))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    texts = {cell.value for cell in cells if cell.data_type == "s"}
    assert texts >= {"=作品3", "+作者4", "-002", "@003", "@单位1", "=J2", "=1+1"}
    assert not [cell.value for cell in cells if cell.data_type == "f" and "作者" in cell.value]


@needs_office
def test_a_spreadsheet_computes_the_figures_of_every_document(tmp_path: Path) -> None:
    made = {name: report_of(completed(name), 1, 997)[1] for name in DOCUMENT_NAMES}
    made["public"], made["everything"] = report_of(everything("linear_to_leader"), 1, 5)
    compare(made, tmp_path)


@pytest.mark.campaign
@needs_office
@pytest.mark.parametrize("normaliser", NORMALISERS)
def test_a_spreadsheet_computes_the_figures_of_every_rule(tmp_path: Path, normaliser: str) -> None:
    made: dict[str, Report] = {}
    for seed in range(40):
        rules = everything(normaliser, ("all", "finalists")[seed % 2], ("mean", "shared")[seed // 2 % 2])
        with contextlib.suppress(NotScorable):
            made[f"{seed} public"], made[f"{seed}"] = report_of(rules, seed, (5, 10, 997)[seed % 3])
    assert len(made) > 30
    compare(made, tmp_path)


def compare(made: Mapping[str, Report], folder: Path) -> None:
    """Checks the book of each report."""
    books = {name: as_xlsx(report) for name, report in made.items()}
    again = computed_again(books, folder)
    for name, report in made.items():
        check(name, report, books[name], again[name])
