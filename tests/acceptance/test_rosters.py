"""Rosters checked, reported and imported by the commands, whole or not at all."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import httpx
import openpyxl
import pytest

from tests.acceptance.test_cli import run
from tests.conftest import Contests, contest_text, environment_of
from tests.domain.contest.test_contest import GOOD
from tests.spreadsheets.test_sheets import workbook
from voting.settings import Settings

RULES = """
[[entry_check]]
column = "duration"
kind = "duration"
least = 60
most = 480

[[nomination]]
id = "unit"
name = "推荐单位"
most = 2
"""
HEAD: list[object] = ["code", "title", "author", "category", "recommender", "duration"]
RIGHT: list[list[object]] = [
    HEAD,
    *(list[object]((f"A{n}", f"题{n}", "甲", "one", f"单位{n % 2}", "5:30")) for n in range(4)),
]
WRONG: list[list[object]] = [*RIGHT, ["A9", "题9", "甲", "类别一", "单位1", "9:00"]]


@pytest.fixture
def contest_file(tmp_path: Path) -> Path:
    file = tmp_path / "c.toml"
    file.write_text(f'past_winners = "title"\n{GOOD}{RULES}', "utf-8")
    return file


def roster(tmp_path: Path, rows: list[list[object]]) -> str:
    file = tmp_path / "roster.xlsx"
    file.write_bytes(workbook(rows))
    return str(file)


def test_a_workbook_is_checked_and_its_faults_are_reported(contest_file: Path, tmp_path: Path) -> None:
    right = run("roster", "check", roster(tmp_path, RIGHT), "--contest-file", str(contest_file))
    assert right.returncode == 0, right.stderr
    assert "4 entries are right" in right.stderr
    assert "past winners are not looked for: give their list with --past-winners" in right.stderr
    report, winners = tmp_path / "report.xlsx", tmp_path / "winners.txt"
    winners.write_bytes("题0\n题7\n".encode("gbk"))
    wrong = run(
        *("roster", "check", roster(tmp_path, WRONG), "--contest-file", str(contest_file)),
        *("--past-winners", str(winners), "--report", str(report)),
    )
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "line 2, title: '题0' has won before; take the entry out" in wrong.stderr
    assert "line 6, recommender: '单位1' sends in 3 by unit; at most 2; take 1 out" in wrong.stderr
    assert "line 6, duration: '9:00' is too much; from 60 to 480 seconds" in wrong.stderr
    assert f"the faults are marked in {report}" in wrong.stderr
    table = openpyxl.load_workbook(report).worksheets[0]
    red = {cell.coordinate for row in table.iter_rows() for cell in row if cell.fill.fgColor.rgb == "FFFFC7CE"}
    assert red == {"B2", "G2", "E6", "F6", "G6"}


def test_wrong_use_of_the_options_is_reported(contest_file: Path, tmp_path: Path) -> None:
    file = roster(tmp_path, WRONG)
    same = run("roster", "check", file, "--contest-file", str(contest_file), "--report", file)
    assert (same.returncode, "would overwrite the roster" in same.stderr) == (2, True)
    away = run(
        "roster", "check", file, "--contest-file", str(contest_file), "--report", str(tmp_path / "no" / "r.xlsx")
    )
    assert (away.returncode, "cannot be written: No such file" in away.stderr) == (1, True)
    assert "at most 2; take 1 out" in away.stderr
    contest_file.write_text(f"{GOOD}{RULES}", "utf-8")
    unasked = run("roster", "check", file, "--contest-file", str(contest_file), "--past-winners", file)
    assert (unasked.returncode, "does not exclude past winners" in unasked.stderr) == (1, True)
    missing = run("roster", "check", "none.xlsx", "--contest-file", str(contest_file))
    assert "none.xlsx: file: no such file or directory; give an existing file" in missing.stderr


async def test_a_roster_with_a_fault_is_not_imported_at_all(
    settings: Settings, contests: Contests, contest_file: Path, tmp_path: Path
) -> None:
    env, id = environment_of(settings), f"roster-{secrets.token_hex(4)}"
    contest_file.write_text(contest_file.read_text("utf-8").replace('"spring"', f'"{id}"'), "utf-8")
    assert run("contest", "create", str(contest_file), env=env).returncode == 0
    report = tmp_path / "report.xlsx"
    wrong = run(
        "roster", "import", roster(tmp_path, WRONG), "--contest", id, "--amend", "--report", str(report), env=env
    )
    assert (wrong.returncode, report.exists()) == (1, True)
    async with contests.office() as office:
        assert not (await office.contest_cache.get(id)).entries
    right = run("roster", "import", roster(tmp_path, RIGHT), "--contest", id, "--amend", env=env)
    assert right.returncode == 0, right.stderr
    async with contests.office() as office:
        entries = (await office.contest_cache.get(id)).entries
    assert [entry.title for entry in entries.values()] == ["题0", "题1", "题2", "题3"]


MARKS = """
[[round]]
id = "final"
name = "终评"
full = 100
drop_highest = 0
drop_lowest = 0
[[round.criterion]]
name = "创新"
weight = 100
[[metric]]
id = "clicks"
name = "点击"
"""


async def test_marks_and_figures_report_their_encoding(
    settings: Settings, contests: Contests, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    """A contest without categories, from the roster to the page and the results."""
    env, id = environment_of(settings), f"plain-{secrets.token_hex(4)}"
    rules = '[[quota]]\npicks = 5\nper = "contest"\nperiod = "day"\n' + MARKS
    text = contest_text(id, rules, timedelta(minutes=-5), timedelta(days=1))
    file = tmp_path / "c.toml"
    file.write_text(text[: text.index("[[category]]")] + rules, "utf-8")
    assert run("contest", "create", str(file), env=env).returncode == 0
    table = roster(
        tmp_path, [["code", "title", "author", "summary"], ["A1", "一", "甲", "前\n后"], ["A2", "二", "乙", ""]]
    )
    assert run("roster", "import", table, "--contest", id, "--amend", env=env).returncode == 0
    marks, clicks = tmp_path / "marks.csv", tmp_path / "clicks.csv"
    marks.write_bytes("judge,entry,创新\n张三,A1,90\n李四,A1,80\n张三,A2,85\n".encode("gbk"))
    given = run("marks", "import", str(marks), "--contest", id, "--round", "final", env=env)
    assert given.returncode == 0, given.stderr
    assert f"{marks}: warning: is read as GB18030 (GBK): '创新、张三、李四'" in given.stderr
    assert "warning: not all entries of the round have marks of the same judges" in given.stderr
    assert "A2: 李四" in given.stderr
    marks.write_text("judge,entry,创新\n张三,A1,90\n张 三,A1,80\n", "utf-8")
    refused = run("marks", "import", str(marks), "--contest", id, "--round", "final", env=env)
    assert (refused.returncode, "'张 三' is nearly '张三' on line 2" in refused.stderr) == (1, True)
    clicks.write_text("entry,value\nA1,1,234\n", "utf-8")
    figures = run("metrics", "import", str(clicks), "--contest", id, "--metric", "clicks", env=env)
    assert (figures.returncode, "line 2: has more cells than the header: '234'" in figures.stderr) == (1, True)
    listed = run("results", "--contest", id, "--format", "csv", env=env)
    assert listed.returncode == 0, listed.stderr
    assert "A1,一,甲,," in listed.stdout
    page = (await http.get(f"/c/{id}/entries/A1")).text
    assert '<p class="summary">前\n后</p>' in page
    assert "类别" not in page
    assert (await http.get(f"/api/v1/contests/{id}/entries")).json()["entries"][0]["category"] == ""
    assert ">全部<" not in (await http.get(f"/c/{id}")).text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_ten_thousand_rows(
    settings: Settings, contest_file: Path, tmp_path: Path, kind: str, record_property: Callable[[str, object], None]
) -> None:
    """The times are written to the report (--junit-xml); machines differ too much to require one."""
    env, id = environment_of(settings), f"many-{secrets.token_hex(4)}"
    contest_file.write_text(contest_file.read_text("utf-8").replace('"spring"', f'"{id}"'), "utf-8")
    rows: list[list[object]] = [
        HEAD,
        *(list[object]((f"A{n}", f"作品 {n}", f"作者{n}", "类别一", f"单位{n // 2}", "05:30")) for n in range(10_000)),
    ]
    text = "\n".join(",".join(map(str, row)) for row in rows)
    file = tmp_path / f"many.{kind}"
    file.write_bytes(workbook(rows) if kind == "xlsx" else text.encode("gbk"))
    run("contest", "create", str(contest_file), env=env)
    began = time.monotonic()
    checked = run("roster", "check", str(file), "--contest-file", str(contest_file))
    between = time.monotonic()
    imported = run("roster", "import", str(file), "--contest", id, "--amend", env=env)
    record_property("check_seconds", between - began)
    record_property("import_seconds", time.monotonic() - between)
    assert "10000 entries are right" in checked.stderr
    assert "10000 entries are in contest" in imported.stderr, imported.stderr
    file.write_text(text.replace("05:30", "0:30"), "utf-8")
    broken = run("roster", "check", str(file), "--contest-file", str(contest_file))
    assert broken.stderr.strip().endswith("and 9950 more faults")
