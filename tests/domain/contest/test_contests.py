"""The contest files of the package and sixteen published ones: every rule of their documents as a fact."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from voting.domain.contest.contest import Contest, end_of_day
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain
from voting.domain.contest.schema import Publication, Quota
from voting.domain.entry import Entry
from voting.domain.results.marks import Mark, scores
from voting.domain.results.outcome import Figures, Outcome, compute
from voting.domain.results.scoring import public_points
from voting.domain.roster.roster import read_roster
from voting.domain.roster.sheet import read_csv
from voting.errors import FileInvalid, NotScorable

FOLDERS = (Path(str(files("voting") / "contests")), Path(__file__).with_name("published"))
FILES = sorted((file for folder in FOLDERS for file in folder.glob("*.toml")), key=lambda file: file.name)
TEXTS = {file.stem: file.read_text("utf-8") for file in FILES}
CONTESTS = {name: read_contest(text, name) for name, text in TEXTS.items()}
ON_ADDRESSES = ("rule-02", "rule-03", "rule-06", "rule-11", "rule-12")


def of(start: str) -> Contest:
    return next(contest for name, contest in CONTESTS.items() if name.startswith(start))


def beijing(*when: int) -> datetime:
    """Returns a moment of Beijing time, eight hours ahead of UTC."""
    return datetime(*when, tzinfo=UTC) - timedelta(hours=8)  # type: ignore[misc, arg-type]


def awards(contest: Contest) -> dict[str, int | None]:
    return {award.name: award.count for award in contest.awards}


def blend(contest: Contest) -> dict[str, int]:
    assert contest.blend
    return {part.source: part.points for part in contest.blend.parts}


def outcome(contest: Contest, picks: dict[str, int], marks: dict[str, int]) -> Outcome:
    """Returns one judge's mark for each entry, in the contest's only round and criterion; all in the first category."""
    entries = {code: Entry(code, code, "x", contest.categories[0].id) for code in picks}
    given = {
        round_.id: [Mark("J", code, round_.criteria[0].name, Fraction(mark)) for code, mark in marks.items()]
        for round_ in contest.rounds
    }
    return compute(contest, Figures(entries, picks, given, {}, {}))


def roster_faults(contest: Contest, *rows: dict[str, str]) -> list[tuple[str, str]]:
    """Returns place and description of each fault of a roster with these rows."""
    table = io.StringIO()
    writer = csv.DictWriter(table, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    try:
        read_roster(read_csv(table.getvalue()), contest)
    except FileInvalid as refused:
        return [(fault.place, fault.what) for fault in refused.faults]
    return []


def row(code: str = "A1", **more: str) -> dict[str, str]:
    return {"code": code, "title": f"作品{code}", "author": f"作者{code}"} | more


def test_every_document_and_every_rule_has_a_file_of_its_own() -> None:
    starts = [f"{number:03d}-" for number in range(5)] + [f"rule-{number:02d}-" for number in range(1, 17)]
    assert [name[: len(start)] for name, start in zip(TEXTS, starts, strict=True)] == starts
    assert len({contest.id for contest in CONTESTS.values()}) == len(CONTESTS) == 21


@pytest.mark.parametrize("name", TEXTS)
def test_every_file_quotes_its_rules_and_has_readings_in_both_languages(name: str) -> None:
    contest, text = CONTESTS[name], TEXTS[name]
    assert text.startswith("# ")
    assert "「" in text or "16-moral" in name
    assert contest.title_en
    for reading in contest.readings:
        assert reading.taken_en.endswith(".")
        assert any(reading.clause in sentence and reading.taken in sentence for sentence in explain(contest, "zh"))
        assert any(reading.taken_en in sentence for sentence in explain(contest, "en"))


@pytest.mark.parametrize("name", ON_ADDRESSES)
def test_rules_on_addresses_are_read_as_rules_on_voters(name: str) -> None:
    """「每个IP地址…」: an office or a school shares one address."""
    reading = next(each for each in of(name).readings if "IP" in each.clause)
    assert "单位、学校往往共用一个 IP 地址" in reading.taken
    assert "an office or a school shares one address" in reading.taken_en


# The five documents.


PHASES = {
    # 「2023年08月18日——10月08日」「2023年10月09日——10月13日」「展映阶段」
    "000": "2023-08-18/2023-10-08 2023-10-09/2023-10-13 /",
    # 「申报截止：2024年7月31日」「2024年8月-9月」「时间地点另行通知」
    "001": "/2024-07-31 2024-08-01/2024-09-30 /",
    # 「申报截止：2025年8月31日」「2025年9月-10月」「时间地点另行通知」
    "002": "/2025-08-31 2025-09-01/2025-10-31 /",
    # 「2023年12月31日前」「2024年1月—3月」「2024年4月—5月」「2024年全国低碳日期间」
    "003": "/2023-12-31 2024-01-01/2024-03-31 2024-04-01/2024-05-31 /",
    # 「2023年6月」, a page that is missing, 「2023 年 9 月」「2023 年 10 月—12 月」
    "004": "2023-06-01/2023-06-30 2023-07-01/2023-07-31 2023-09-01/2023-09-30 2023-10-01/2023-12-31",
    # 「公示 4月11—18日」
    "rule-15": "2016-04-11/2016-04-18",
}


@pytest.mark.parametrize("name", PHASES)
def test_phases(name: str) -> None:
    """The text of each document is above its line in the table."""
    found = [f"{phase.opens_on or ''}/{phase.closes_on or ''}" for phase in of(name).phases]
    assert found == PHASES[name].split(" ")


def test_deadlines_by_channel_and_region() -> None:
    """001 「短视频请于7月31日前」「请于2024年5月31日前填写此表」; 002 「8月25日前」 in Guangdong, both ways."""
    power, stories = (
        [(each.region, str(each.closes_on)) for each in of(n).phases[0].deadlines] for n in ("001", "002")
    )
    assert power == [("江苏省", "2024-07-31"), ("", "2024-05-31")]
    assert of("001").phases[0].deadlines[1].channel == "推荐汇总表"
    assert stories == [("广东省", "2025-08-25")] * 2


def test_000_the_vote_takes_the_last_ten_days_of_the_time_for_entries() -> None:
    """「最具人气奖 5 名」, without a measure; 「征集阶段：2023年08月18日——10月08日」."""
    contest = of("000")
    assert (contest.opens_at, contest.closes_at) == (beijing(2023, 9, 29), beijing(2023, 10, 9))


def test_000_awards_and_outside_figures() -> None:
    """「金奖 10 名…最佳创意剧本奖 3 名、最具人气奖 5 名、最佳公益映像奖 10 名…TOP50」; 「点击量和点赞量」."""
    contest = of("000")
    assert list(awards(contest).values()) == [10, 3, 5, 10, 50]
    popular = contest.awards[2]
    assert (popular.name, popular.by, popular.order) == ("最具人气奖", "votes", ("metric:likes", "metric:clicks"))
    assert [metric.name for metric in contest.metrics] == ["点击量", "点赞量"]
    assert "public" not in blend(contest)
    assert blend(contest) == {"round:experts": 80, "metric:clicks": 10, "metric:likes": 10}
    assert not any(award.excludes for award in contest.awards)


def test_001_and_002_awards() -> None:
    """「金奖 10 名」「每个主题设一等奖 1 名，二等奖 3 名，优秀奖若干」; 单项奖 without numbers; 「十大优秀案例」."""
    contest = of("001")
    themes = {award.name: award.count for award in contest.awards if award.per_category}
    assert themes == {"主题奖一等奖": 1, "主题奖二等奖": 3, "主题奖优秀奖": None}
    assert sum(count or 0 for count in themes.values()) * len(contest.categories) == 12
    assert awards(contest)["综合奖金奖"] == 10
    assert [award.count for award in contest.awards if award.name.startswith("最佳")] == [None] * 5
    assert list(awards(of("002")).values()) == [10, None]


# Rows of rosters that meet all requirements of their documents.
VIDEO = {"时长": "05:00", "分辨率": "1920x1080", "格式": "mp4", "recommender": "某厂", "nomination": "own"}
GREEN = row(
    category="产品供给绿色化转型", 作品介绍表="有", 文字案例字数="", 案例类型="", 网盘下载链接="https://pan.example/x"
)
GREEN |= VIDEO | {"文件名": "工业文化发展中心+李四+绿色保温建材的崛起"}
POWER = row(category="数智赋能", video="https://v.example/1", tags="") | VIDEO
STORY = row(category="微短剧", 推荐表文件名="某局+推荐讲好中国工业故事", 成效方向="") | VIDEO
STORY.pop("时长")
CASE = {"category": "园区", "recommender": "北京市生态环境局", "推荐名单加盖公章": "是", "案例简介": "字" * 2000}
CASE |= {"照片张数": "3", "照片说明": "有", "最大一张照片（MB）": "5", "视频个数": "3", "最长视频时长": "03:00"}
CASE |= {"推荐材料文件名": "北京市甲推荐材料.zip", "推荐表文件名": "北京市甲推荐表.doc"}
CASE |= {"照片文件名": "；".join(f"北京市甲照片（{n}）.jpg" for n in "一二三"), "视频文件名": "北京市甲视频.mp4"}
CASE |= {"邮件主题": "北京市低碳发展典型案例申报材料", "工作负责人姓名、联系电话和邮箱": "张三 010 a@b.cn"}
CASE |= {"依法合规生产运行": "是", "发生重大环境污染事件": "否"}
CASES = [row(f"A{n}", order=str(n)) | CASE for n in range(1, 5)]
FITTING = {"000": [GREEN], "001": [POWER], "002": [STORY], "003": CASES[:2]}


@pytest.mark.parametrize(
    ("name", "column", "good", "bad"),
    [
        # 「时长 3-10 分钟，分辨率不低于 720P，作品格式为 mp4」「3000-5000 字内」「单位+姓名+作品名称」
        ("000", "时长", ["03:00", "10:00"], ["02:59", "10:01"]),
        ("000", "分辨率", ["1280x720"], ["1278x718"]),
        ("000", "格式", ["mp4", "MP4"], ["avi"]),
        ("000", "作品介绍表", ["有"], [""]),
        ("000", "文字案例字数", ["3000", "5000", ""], ["2999", "5001"]),
        ("000", "文件名", ["单位+姓名+作品名称"], ["单位-姓名-作品名称", "单位+作品名称"]),
        ("000", "案例类型", ["绿色园区", ""], ["绿色学校"]),
        # 「时长1-8分钟，分辨率不低于1080P，作品格式为mp4，作品比例16：9或9：16均可」「征选主题（可多选）」
        ("001", "时长", ["01:00", "08:00"], ["00:59", "08:01"]),
        ("001", "分辨率", ["1920x1080", "1080x1920"], ["1440x1080"]),
        ("001", "tags", ["高端升级、绿色低碳", ""], ["高端", "数智赋能", "高端升级、高端升级"]),
        # 「作品分辨率不低于1080P，格式为MP4，比例16:9或9:16均可」「单位+推荐讲好中国工业故事」
        ("002", "分辨率", ["1080x1920"], ["1280x720", "1440x1080"]),
        ("002", "推荐表文件名", ["某局推荐讲好中国工业故事.xlsx", ""], ["某局"]),
        # 「2000字以内」「照片3-5张…单张不超过5M；相关视频不超过3个，单个时长需在3分钟以内」「“北京市XX推荐材料.zip”」
        ("003", "案例简介", ["短"], ["字" * 2001, ""]),
        ("003", "照片张数", ["5"], ["2", "6"]),
        ("003", "最大一张照片（MB）", ["4.9"], ["5.1"]),
        ("003", "视频个数", ["0"], ["4"]),
        ("003", "最长视频时长", ["180", ""], ["03:01"]),
        ("003", "邮件主题", [], ["申报材料"]),
        ("003", "推荐材料文件名", [], ["北京市甲推荐材料.rar"]),
        ("003", "推荐名单加盖公章", [], ["否"]),
        ("003", "依法合规生产运行", [], ["否"]),
        ("003", "发生重大环境污染事件", [], ["是"]),
    ],
)
def test_entry_checks(name: str, column: str, good: list[str], bad: list[str]) -> None:
    """The text of each document is above its lines in the table."""
    first, *more = FITTING[name]  # STORY has no duration, for 002 asks for none.
    assert roster_faults(of(name), first, *more) == []
    for value in good:
        assert roster_faults(of(name), first | {column: value}, *more) == []
    for value in bad:
        assert {place for place, _ in roster_faults(of(name), first | {column: value}, *more)} == {column}


def test_001_one_work_in_one_theme() -> None:
    """「同一条作品不可多主题重复投稿」; 「投稿作品数量不限」."""
    second = POWER | row("A2", category="绿色低碳")
    assert [place for place, _ in roster_faults(of("001"), POWER, second)] == ["video"]
    many = [POWER | row(f"B{n}", video=f"https://v.example/b{n}") for n in range(40)]
    assert roster_faults(of("001"), *many) == []


@pytest.mark.parametrize("name", ["001", "002", "003"])
def test_documents_without_a_vote_admit_no_voters_and_show_no_picks(name: str) -> None:
    """「专家评审」「专家审核」「专家审议」: there is no public vote, so no pick decides anything."""
    contest = of(name)
    assert not contest.public_vote
    assert [each for each in explain(contest, "zh") if "投票" in each and "确认" not in each] == [
        "本活动不设公众投票。"
    ]
    assert contest.blend is None
    assert all(award.by.startswith("round:") for award in contest.awards)
    marks = contest.phases[1]
    assert marks.opens_on
    assert marks.closes_on
    assert end_of_day(marks.opens_on - timedelta(days=1), contest.zone) <= contest.opens_at
    assert contest.closes_at <= end_of_day(marks.closes_on, contest.zone)
    assert any("文件没有公众投票" in reading.clause for reading in contest.readings)


@pytest.mark.parametrize(("name", "criteria"), [("000", [4]), ("001", [6]), ("002", [6]), ("003", [26])])
def test_standards_without_weights_wait_for_the_organiser(name: str, criteria: list[int]) -> None:
    """「评选标准」 without weights: nothing is scored until they are set."""
    open_rounds = [round_ for round_ in of(name).rounds if all(each.weight is None for each in round_.criteria)]
    assert [len(round_.criteria) for round_ in open_rounds] == criteria
    here = {"A": Entry("A", "A", "x", of(name).categories[0].id)}
    for round_ in open_rounds:
        with pytest.raises(NotScorable, match="the organiser must set them"):
            scores(round_, [Mark("J", "A", round_.criteria[0].name, Fraction(1))], here)


def test_003_two_or_three_of_each_recommender_and_category_in_order() -> None:
    """「每个类别报送2-3个…并加盖公章，推荐名单请注明推荐顺序」."""
    contest = of("003")
    (rule,) = contest.nominations
    assert (rule.per, rule.least, rule.most, rule.ranked) == ("recommender_category", 2, 3, True)
    for rows, fault in ((CASES[:2], []), (CASES[:3], []), (CASES[:1], ["recommender"]), (CASES, ["recommender"])):
        assert [place for place, _ in roster_faults(contest, *rows)] == fault
    assert [place for place, _ in roster_faults(contest, CASES[0], CASES[1] | {"order": "1"})] == ["order"]


def test_003_categories_past_winners_and_objections() -> None:
    """「园区、企业、社区、个人」「已入选2021、2022年…不再参与」「进行公示」."""
    contest = of("003")
    assert [category.name for category in contest.categories] == ["园区", "企业", "社区", "个人"]
    (experts,) = contest.rounds
    # 四、（一）至（四）: 8, 7, 8 and 3 standards.
    assert [len(experts.rubric(category.id)) for category in contest.categories] == [8, 7, 8, 3]
    assert contest.past_winners == "title"
    assert contest.publication == Publication(8)
    assert set(awards(contest).values()) == {None}


def test_004_checks_and_scoring() -> None:
    """「投票期为 10 天」「（100 字以内）」「限1部」「初评评选出 100 部」「满分为8分」「优秀作品 60 部」."""
    contest = of("004")
    assert contest.closes_at - contest.opens_at == timedelta(days=10)
    texts = [check for check in contest.entry_checks if check.kind == "text"]
    assert [(check.most, check.needed) for check in texts] == [(100, False)] * 3
    assert [(unique.column, unique.nominations) for unique in contest.uniques] == [("author", ("province", "own"))]
    assert {way.id: way.most for way in contest.nominations} == {"province": 10, "county": 1, "own": 1}
    assert [each.weight for each in contest.rounds[0].criteria] == [30, 30, 20, 20]
    assert (contest.cuts[0].keep, contest.awards[0].count) == (100, 60)
    assert blend(contest) == {"round:final": 8, "public": 2}


# The sixteen published rules: ballots and quotas of a voter.

QUOTAS: dict[str, tuple[tuple[int, int, bool], list[Quota]]] = {
    # 「每个微信ID每天可对作品进行1次投票，每次最多为3件不同的作品」
    "rule-01": ((1, 3, False), [Quota(ballots=1, period="day")]),
    # 「每个IP地址每天限投5次，每次投票至少10家」
    "rule-02": ((10, 100, False), [Quota(ballots=5, period="day")]),
    # 「同一IP每天可为30个作品投票，单个作品每天至多1票」
    "rule-03": ((1, 30, False), [Quota(picks=30, period="day"), Quota(picks=1, per="entry", period="day")]),
    # 「每微信帐号每日最多5票，可投同一项目」「两类票数合并计算」
    "rule-04": ((1, 5, True), [Quota(picks=5, per="contest", period="day")]),
    # 「同一微信账号每天三票，同一人只能一票」
    "rule-05": ((1, 3, False), [Quota(picks=3, period="day"), Quota(picks=1, per="entry", period="day")]),
    # 「每手机或IP每天10票，可连投1个」
    "rule-06": ((1, 10, True), [Quota(picks=10, period="day")]),
    # 「每人每天每件1票」
    "rule-09": ((1, 1, False), [Quota(picks=1, per="entry", period="day")]),
    # 「同一IP 5分钟内限投一票」
    "rule-11": ((1, 1, False), [Quota(picks=1, period="sliding", minutes=5)]),
    # 「每IP每小时每名选手两票」
    "rule-12": ((1, 2, True), [Quota(picks=2, per="entry", period="hour")]),
    # 「同一作品每个ID每天一票」
    "rule-14": ((1, 1, False), [Quota(picks=1, per="entry", period="day")]),
    # 剔除重复与虚假: one ballot for each person.
    "rule-16": ((1, 10, False), [Quota(ballots=1, period="window")]),
}


@pytest.mark.parametrize("name", QUOTAS)
def test_the_ballots_and_quotas_of_a_voter(name: str) -> None:
    """The text of each rule is above its line in the table."""
    contest, (ballot, quotas) = of(name), QUOTAS[name]
    assert (contest.ballot.least, contest.ballot.most, contest.ballot.repeats) == ballot
    assert list(contest.quotas) == quotas


@pytest.mark.parametrize(
    ("name", "opens", "closes"),
    [
        ("rule-01", (2022, 12, 16), (2022, 12, 26)),  # 「2022-12-16…25」, ten days
        ("rule-02", (2019, 1, 1), (2019, 1, 16)),  # 「1月1日0:00—1月15日24:00」
        ("rule-04", (2022, 7, 8), (2022, 7, 10, 18)),  # 「7月8日00:00—10日18:00（北京时间）」
    ],
)
def test_windows(name: str, opens: tuple[int, ...], closes: tuple[int, ...]) -> None:
    """24:00 of a day is the first moment of the next one, and itself outside the window."""
    contest = of(name)
    assert (contest.opens_at, contest.closes_at) == (beijing(*opens), beijing(*closes))
    assert contest.phase(contest.closes_at - timedelta(microseconds=1)) == "open"
    assert contest.phase(contest.closes_at) == "closed"


def test_channels_display_challenge_sanctions_nomination_and_objections() -> None:
    """「每微信帐号」; 身份证号核对; 「每五分钟刷新」; 「验证码」; 「第一次封禁5天…」; 「≤40%」; 「异议须实名」."""
    assert {of(name).voters.channels for name in ("rule-01", "rule-04", "rule-05")} == {("wechat",)}
    assert of("rule-16").voters.channels == ("issued",)
    assert (of("rule-04").display.policy, of("rule-04").display.minutes) == ("delayed", 5)
    assert of("rule-12").challenge.ask == "ballot"
    assert of("rule-13").sanctions == ("第一次封禁5天", "第二次票数清零", "第三次取消资格")
    assert of("rule-06").sanctions == ("刷票者当天投票清零",)
    assert [(rule.per, rule.most_percent) for rule in of("rule-14").nominations] == [("recommender", 40)]
    assert of("rule-15").publication == Publication(8, working_days=False, real_name=True)


def test_rule_14_forty_percent() -> None:
    """「各赛区推荐≤40%」: of five works two, and not three."""

    def works(of_one: int) -> list[dict[str, str]]:
        regions = ["甲"] * of_one + ["乙", "丙", "丁", "戊"][: 5 - of_one]
        return [row(f"A{n}", category="参评作品", recommender=region) for n, region in enumerate(regions)]

    assert roster_faults(of("rule-14"), *works(2)) == []
    assert [place for place, _ in roster_faults(of("rule-14"), *works(3))] == ["recommender"]


# Normalising picks to points, and the funnel.


@pytest.mark.parametrize(
    ("name", "picks", "expected"),
    [
        # 「5÷队数×得分基数」: four teams: 5/4 x 4, 3, 2, 1.
        ("rule-06", (40, 30, 20, 10), ("5", "15/4", "5/2", "5/4")),
        # 「第一名100分，其余=票数/第一名×100」
        ("rule-07", (200, 150, 50, 0), ("100", "75", "25", "0")),
        # 「第一名5分，第二名4分…第5名1分」, and the sixth nothing.
        ("rule-08", (60, 50, 40, 30, 20, 10), ("5", "4", "3", "2", "1", "0")),
        # 「并列…分数统一取并列段平均」: places 1, 2 and 3 as 2.5, 4: 100/4 x (5 - place).
        ("rule-09", (9, 5, 5, 1), ("100", "125/2", "125/2", "25")),
    ],
)
def test_points_by_hand(name: str, picks: tuple[int, ...], expected: tuple[str, ...]) -> None:
    """The text of each formula is above its line in the table."""
    found = public_points(dict(zip("ABCDEF", picks, strict=False)), of(name).public_points)
    assert list(found.values()) == [Fraction(value) for value in expected]


@pytest.mark.parametrize(
    ("name", "parts", "a"),
    [
        # A has half of the leader's picks and half of the judges' marks, B all of both.
        ("rule-05", {"round:experts": 70, "public": 30}, 50),  # 占30%
        ("rule-07", {"public": 30, "round:experts": 70}, 50),  # 「网络投票得分×30%+专家×70%」
        ("rule-08", {"round:judges": 5, "public": 5}, Fraction(13, 2)),  # 「评委5分」: 2.5, and 4 for the second
        ("rule-10", {"round:roadshow": 80, "public": 20}, 50),  # 「路演80% + 线上20%」
    ],
)
def test_shares_by_hand(name: str, parts: dict[str, int], a: Any) -> None:
    """The text of each share is next to its line in the table."""
    contest = of(name)
    full = contest.rounds[0].full
    marks: dict[str, Any] = {"A": Fraction(full, 2), "B": full}
    assert blend(contest) == parts
    assert outcome(contest, {"A": 50, "B": 100}, marks).final == {"A": a, "B": sum(parts.values())}


def test_rule_06_the_highest_and_lowest_mark_are_left_out() -> None:
    """「专家95，去掉最高最低」: of 0, 80, 90 and 100 the mean of 80 and 90 counts."""
    contest = of("rule-06")
    marks = [Mark(f"J{value}", "A", "专家评分", Fraction(value)) for value in (0, 80, 90, 100)]
    assert scores(contest.rounds[0], marks, {"A": Entry("A", "A", "x", contest.categories[0].id)}) == {
        "A": Fraction(85, 100)
    }
    assert blend(contest) == {"round:experts": 95, "public": 5}


def test_rule_03_the_funnel() -> None:
    """776 征集→504 合格→300 投票→100 奖 (5/10/25/60)."""
    codes = [f"V{number:03d}" for number in range(1, 505)]
    picks = {code: 1000 + number for number, code in enumerate(codes)}
    # The first 300 by marks; of these the last have the most picks.
    found = outcome(of("rule-03"), picks, {code: 100 if number < 300 else 50 for number, code in enumerate(codes)})
    assert found.left == set(codes[:300])
    given = {id: [each.holder for each in found.awards if each.award == id] for id in ("first", "second", "third")}
    assert given["first"] == codes[299:294:-1]
    assert (len(given["second"]), len(given["third"]), len(found.awards)) == (10, 25, 100)
    assert {each.holder for each in found.awards} == set(codes[200:300])


@pytest.mark.parametrize("name", ["rule-09", "rule-11"])
def test_equals_at_the_thirtieth_place_go_on_together(name: str) -> None:
    """「入围并列一并入围」; 「取投票前30名进入专家评审」: a gate, which has no part in the score."""
    codes = [f"V{number:02d}" for number in range(1, 41)]
    picks = {code: 100 - min(number, 30) for number, code in enumerate(codes, 1)} | {codes[-1]: 1}
    assert outcome(of(name), picks, dict.fromkeys(codes, 1)).left == set(codes[:39])
    picks |= {code: 50 - number for number, code in enumerate(codes[30:])}
    assert outcome(of(name), picks, dict.fromkeys(codes, 1)).left == set(codes[:30])
    assert name == "rule-09" or blend(of(name)) == {"round:experts": 100}
