"""Documents 000 to 003 from roster to award list, through the commands, with figures computed by hand."""

from __future__ import annotations

import csv
import io
import re
import secrets
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path

import pytest
import xlsxwriter

from tests.acceptance.test_cli import run
from tests.conftest import Contests, environment_of
from tests.domain.contest.test_contests import CASE, GREEN, POWER, STORY
from voting.settings import Settings


class Desk:
    """An organiser working on one contest through the commands."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.env = environment_of(settings)
        self.folder = folder
        self.contest = f"doc-{secrets.token_hex(4)}"

    def open(self, name: str, weights: Mapping[str, int], numbers: Mapping[str, int]) -> None:
        """Creates the contest of a file with the criteria's weights and the awards' numbers set by the organiser."""
        text = (files("voting") / "contests" / name).read_text("utf-8")
        text = re.sub(r'^id = ".*"', f'id = "{self.contest}"', text, count=1, flags=re.MULTILINE)
        for criterion, weight in weights.items():
            table = f'[[round.criterion]]\nname = "{criterion}"\n'
            assert table in text
            text = text.replace(table, f"{table}weight = {weight}\n")
        for award, number in numbers.items():
            assert f'\nid = "{award}"\n' in text
            text = text.replace(f'\nid = "{award}"\n', f'\nid = "{award}"\ncount = {number}\n')
        file = self.folder / "contest.toml"
        file.write_text(text, "utf-8")
        self.do("contest", "create", str(file), "--open-now")

    def roster(self, rows: Sequence[Mapping[str, str]]) -> None:
        """Imports these entries."""
        self.do("roster", "import", self.sheet("roster", rows), "--contest", self.contest)

    def marks(self, round_: str, rows: Sequence[Mapping[str, str]], suffix: str = "csv") -> None:
        """Imports these marks."""
        file = self.sheet(f"marks-{round_}", rows, suffix)
        self.do("marks", "import", file, "--contest", self.contest, "--round", round_)

    def figures(self, metric: str, of: str, values: Mapping[str, int]) -> None:
        """Imports these figures."""
        file = self.sheet(metric, [{of: holder, "value": str(value)} for holder, value in values.items()])
        self.do("metrics", "import", file, "--contest", self.contest, "--metric", metric)

    def awards(self) -> dict[str, list[tuple[str, str]]]:
        """Returns holders and scores by award, as in the award list; `-` marks revoked ones."""
        options = ("--blend", "--awards", "--format", "csv")
        table = self.do("results", "--contest", self.contest, *options).removeprefix("\ufeff")
        found: dict[str, list[tuple[str, str]]] = {}
        for line in csv.DictReader(io.StringIO(table)):
            mark = "" if line["place"] != "0" else "-"
            found.setdefault(line["award"], []).append((mark + line["holder"], line["score"]))
        return found

    def do(self, *arguments: str) -> str:
        """Runs a command that must succeed; returns its standard output."""
        done = run(*arguments, env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def sheet(self, name: str, rows: Sequence[Mapping[str, str]], suffix: str = "csv") -> str:
        """Writes a file with these rows."""
        path = self.folder / f"{name}.{suffix}"
        table = [list(rows[0]), *([str(row[column]) for column in rows[0]] for row in rows)]
        if suffix == "xlsx":
            with xlsxwriter.Workbook(str(path)) as book:
                sheet = book.add_worksheet()
                for number, cells in enumerate(table):
                    sheet.write_row(number, 0, cells)
        else:
            with path.open("w", newline="", encoding="utf-8-sig") as file:
                csv.writer(file).writerows(table)
        return str(path)


@pytest.fixture
def desk(settings: Settings, tmp_path: Path) -> Desk:
    return Desk(settings, tmp_path)


def work(code: str, **more: str) -> dict[str, str]:
    return {"code": code, "title": f"作品{code}", "author": f"作者{code}"} | more


def of(holders: Iterable[tuple[str, str]]) -> list[str]:
    return [holder for holder, _ in holders]


async def test_000_gold_script_popular_public_good_and_top_50(desk: Desk, contests: Contests) -> None:
    """60 works W01 to W60; the organiser gives the experts' four criteria 25 percent each.

    Experts: Wn gets 100 - n in each criterion. Clicks: W60 1000. Likes: W59 1000, W55 5; all others 0.
    Final = 80 x experts / 100 + 10 x clicks / 1000 + 10 x likes / 1000. By hand:
    W01 80 x 0.99 = 79.2; W10 80 x 0.9 = 72; W59 80 x 0.41 + 10 = 42.8; W60 80 x 0.40 + 10 = 42.0; W46 43.2,
    W47 42.4, W48 41.6, W49 40.8.
    金奖 10: W01 to W10. TOP50: W01 to W46, W59 (42.8), W47 (42.4), W60 (42.0), W48 (41.6); W49 is the 51st.
    最具人气奖 5, by picks 50, 40, 30, 20 of W60 to W57, then 10 of W56 and of W55, whose likes decide: W55.
    最佳创意剧本奖 3: W11 and W12 have 95, W13 and W14 90, all others 50; equals by the final score: W11, W12, W13.
    最佳公益映像奖 10: Wn gets n: W60 down to W51.
    """
    codes = {number: f"W{number:02d}" for number in range(1, 61)}
    desk.open("000-green-industry.toml", dict.fromkeys(("创新性", "科学性", "艺术性", "趣味性"), 25), {})
    desk.roster([GREEN | work(code) for code in codes.values()])
    experts = ("创新性", "科学性", "艺术性", "趣味性")
    desk.marks("experts", [{"judge": "J", "entry": c} | dict.fromkeys(experts, str(100 - n)) for n, c in codes.items()])
    script = {11: "95", 12: "95", 13: "90", 14: "90"}
    desk.marks(
        "script", [{"judge": "J", "entry": c, "创意剧本": script.get(n, "50")} for n, c in codes.items()], "xlsx"
    )
    desk.marks("public-good", [{"judge": "J", "entry": c, "公益映像": str(n)} for n, c in codes.items()])
    none = dict.fromkeys(codes.values(), 0)
    desk.figures("clicks", "entry", none | {"W60": 1000})
    desk.figures("likes", "entry", none | {"W59": 1000, "W55": 5})
    picks = {"W60": 50, "W59": 40, "W58": 30, "W57": 20, "W56": 10, "W55": 10}
    async with contests.office() as office, office.database.connection() as connection:
        await connection.executemany(
            "insert into tallies (contest, entry, shard, raw, held, counted, version) values ($1, $2, 0, $3, 0, $3, 1)",
            [(desk.contest, entry, number) for entry, number in picks.items()],
        )
    given = desk.awards()
    assert of(given["gold"]) == [codes[n] for n in range(1, 11)]
    assert (given["gold"][0][1], given["gold"][9][1]) == ("79.2000", "72.0000")
    top = [*(codes[n] for n in range(1, 47)), "W59", "W47", "W60", "W48"]
    assert of(given["top50"]) == top
    assert given["top50"][-4:] == [("W59", "42.8000"), ("W47", "42.4000"), ("W60", "42.0000"), ("W48", "41.6000")]
    assert given["popular"] == [("W60", "50"), ("W59", "40"), ("W58", "30"), ("W57", "20"), ("W55", "10")]
    assert given["script"] == [("W11", "95.0000"), ("W12", "95.0000"), ("W13", "90.0000")]
    assert of(given["public-good"]) == [codes[n] for n in range(60, 50, -1)]


SIX = {"科学性": 20, "故事性": 20, "创新性": 20, "艺术性": 20, "传播性": 10, "趣味性": 10}


async def test_001_gold_themes_and_awards_to_organisations(desk: Desk) -> None:
    """12 works P01 to P12, in the three themes by turns; the organiser weighs 20, 20, 20, 20, 10, 10, and gives one
    最佳创意奖, one 优秀组织奖 and one 特别贡献奖; the other open awards are not given.

    P01 is marked 100, 100, 100, 100, 95, 95: 80 + 9.5 + 9.5 = 99. Pn is marked 100 - n throughout: 100 - n.
    金奖 10: P01 to P10. 最佳创意奖: P01. 一等奖: P01, P02, P03, the best of each theme; 二等奖: the next three of each.
    甲 recommends P01 and P02: 2 x 1 + 5 x (3 + 2) awards (gold, idea, first; gold, first) = 27.
    乙 recommends P10, P11, P12: 3 x 1 + 5 x (2 + 1 + 1) awards (gold, second; second; second) = 23.
    丙 sends in the others as its own, which do not count. Reports: 甲 2, 乙 9.
    """
    themes = ("高端升级", "数智赋能", "绿色低碳")
    codes = {number: f"P{number:02d}" for number in range(1, 13)}
    senders = {1: "甲", 2: "甲", 10: "乙", 11: "乙", 12: "乙"}
    desk.open("001-industrial-power.toml", SIX, {"idea": 1, "organiser": 1, "contribution": 1})
    desk.roster(
        [
            POWER
            | work(code, category=themes[(number - 1) % 3], video=f"https://v.example/{code}")
            | {"recommender": senders.get(number, "丙"), "tags": themes[number % 3] if number == 1 else ""}
            | {"nomination": "recommended" if number in senders else "own"}
            for number, code in codes.items()
        ]
    )
    rows = [{"judge": "J", "entry": code} | dict.fromkeys(SIX, str(100 - number)) for number, code in codes.items()]
    rows[0] |= dict.fromkeys(SIX, "100") | {"传播性": "95", "趣味性": "95"}
    desk.marks("experts", rows)
    desk.figures("reports", "organisation", {"甲": 2, "乙": 9})
    given = desk.awards()
    assert given.keys() == {"gold", "idea", "theme-first", "theme-second", "organiser", "contribution"}
    assert of(given["gold"]) == [codes[n] for n in range(1, 11)]
    assert given["idea"] == [("P01", "99.0000")]
    assert of(given["theme-first"]) == ["P01", "P02", "P03"]
    assert of(given["theme-second"]) == ["P04", "P07", "P10", "P05", "P08", "P11", "P06", "P09", "P12"]
    assert (given["organiser"], given["contribution"]) == ([("甲", "27")], [("乙", "9")])
    unknown = run("metrics", "import", desk.sheet("x", [{"organisation": "丁", "value": "1"}]), "--contest",
                  desk.contest, "--metric", "reports", env=desk.env)  # fmt: skip
    assert "line 2, organisation: '丁' is not an organisation of this contest" in unknown.stderr
    desk.do("awards", "revoke", "--contest", desk.contest, "--award", "organiser", "--from", "甲", "--reason", "瑕疵")
    assert desk.awards()["organiser"] == [("-甲", "27"), ("乙", "23")]


async def test_002_ten_cases_within_a_longer_showcase(desk: Desk) -> None:
    """14 works S01 to S14, two judges: 100 - n and 100 - 3n, the mean is 100 - 2n: S01 98, S10 80, S12 76.

    十大优秀案例: S01 to S10; the showcase, which the organiser lets be 12: S01 to S12. S03 is taken back: S11 comes up.
    """
    codes = {number: f"S{number:02d}" for number in range(1, 15)}
    desk.open("002-industry-stories.toml", SIX, {"showcase": 12})
    own = {"recommender": "投稿人", "nomination": "own"}
    desk.roster([STORY | work(code) | own for code in codes.values()])
    judges = ({"judge": name, "entry": c} | dict.fromkeys(SIX, str(100 - step * n))
              for name, step in (("甲", 1), ("乙", 3)) for n, c in codes.items())  # fmt: skip
    desk.marks("experts", list(judges), "xlsx")
    given = desk.awards()
    assert given["top-ten"] == [(codes[n], f"{100 - 2 * n}.0000") for n in range(1, 11)]
    assert given["showcase"] == [(codes[n], f"{100 - 2 * n}.0000") for n in range(1, 13)]
    desk.do("awards", "revoke", "--contest", desk.contest, "--award", "top-ten", "--from", "S03", "--reason", "版权")
    assert of(desk.awards()["top-ten"]) == ["-S03", "S01", "S02", *(codes[n] for n in range(4, 12))]


RUBRICS = {
    "园区": "园区基本情况 20 园区产业发展 10 能源利用水平 10 资源利用水平 10 环境友好水平 10 基础设施建设 10 "
    "运营管理水平 10 可复制可推广价值和社会认可度 20",
    "企业": "企业基本情况 10 绿色低碳发展工作机制建立和人员岗位配置情况 15 绿色低碳发展目标定位和责任落实情况 15 "
    "能源管理水平 15 绿色低碳和节能技术水平，技术改造和提升情况 15 金融手段使用 10 可复制可推广价值和社会认可度 20",
    "社区": "建筑节能情况 20 交通情况 10 能源利用水平 10 水资源利用水平 10 固体废弃物处理水平 10 社区绿化水平 10 "
    "碳排放运营管理水平 10 低碳生活倡导力度 20",
    "个人": "绿色低碳意识 40 绿色低碳行动 30 推动践行绿色低碳生活方式 30",
}


async def test_003_each_category_by_its_own_standards(desk: Desk) -> None:
    """北京 and 天津 send 2 cases in each of four categories, 16 in all; the organiser chooses 3 in each.

    In each category the first criterion of the first case is marked 100 and its others 50, of the second all 60, of the
    third all 55, of the fourth all 40. 园区: 20 x 1 + 80 x 0.5 = 60, equal to the second's;
    企业: 10 + 90 x 0.5 = 55; 社区: 60; 个人: 40 + 60 x 0.5 = 70. The three best: always the first three, in
    企业 the second leads with 60.
    """
    weights: dict[str, int] = {}
    for rubric in RUBRICS.values():
        words = rubric.split(" ")
        weights |= dict(zip(words[::2], map(int, words[1::2]), strict=True))
    desk.open("003-low-carbon-cases.toml", weights, {"chosen": 3})
    rows = [
        CASE
        | work(f"{letter}{n}", category=name, recommender="北京市" if n < 3 else "天津市", order=str((n + 1) % 2 + 1))
        for letter, name in zip("ABCD", RUBRICS, strict=True)
        for n in range(1, 5)
    ]
    roster = desk.sheet("roster", rows)
    winners = desk.sheet("winners", [{"title": "作品B2"}])
    past = ("--contest-file", str(desk.folder / "contest.toml"), "--past-winners", winners)
    refused = run("roster", "check", roster, *past, env=desk.env)
    assert "line 7, title: '作品B2' has won before; take the entry out" in refused.stderr
    desk.roster(rows)
    asked = {row["code"]: RUBRICS[row["category"]].split(" ")[::2] for row in rows}
    desk.marks(
        "experts",
        [
            {"judge": "J", "entry": code}
            | dict.fromkeys(weights, "")
            | dict.fromkeys(criteria, {"1": "50", "2": "60", "3": "55", "4": "40"}[code[1]])
            | ({criteria[0]: "100"} if code[1] == "1" else {})
            for code, criteria in asked.items()
        ],
    )
    chosen = desk.awards()["chosen"]
    assert chosen == [
        *(("A1", "60.0000"), ("A2", "60.0000"), ("A3", "55.0000")),
        *(("B2", "60.0000"), ("B1", "55.0000"), ("B3", "55.0000")),
        *(("C1", "60.0000"), ("C2", "60.0000"), ("C3", "55.0000")),
        *(("D1", "70.0000"), ("D2", "60.0000"), ("D3", "55.0000")),
    ]
