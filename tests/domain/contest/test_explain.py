"""The rules in words."""

from __future__ import annotations

from voting.demo.demo_contest import document
from voting.domain.contest.contest_file import read_contest
from voting.domain.contest.explain import explain


def test_the_demo_in_both_languages() -> None:
    contest = read_contest(document())
    assert explain(contest, "zh") == (
        "投票方式：网页、微信、主办方核验后发放的凭证。",
        "投票时间：2023年8月1日 00:00（北京时间）起，至2023年8月10日 24:00（北京时间）止。",
        "每张选票可选 1–5 件作品，同一张选票上不可重复选择同一作品。",
        "每位投票人每天最多 5 票（零点重新计算）。",
        "每位投票人每天对同一作品最多 1 票（零点重新计算）。",
        "票数实时显示。",
        "公众评选得分＝2×票数÷最高票数（在全部参评作品中比较），四舍五入保留 4 位小数。",
        "禁止刷票和有偿投票。",
    )
    assert explain(contest, "en") == (
        "Votes come through the web, WeChat, a credential that the host gives out after a check.",
        "Voting opens on 2023-08-01 00:00 (Asia/Shanghai) and closes on 2023-08-10 24:00 (Asia/Shanghai).",
        "A ballot holds 1–5 picks and picks each entry at most once.",
        "A voter has at most 5 picks a day, counted from zero at midnight (Asia/Shanghai).",
        "A voter has at most 1 pick for the same entry a day, counted from zero at midnight (Asia/Shanghai).",
        "Picks are shown live.",
        "Public points = 2 × picks ÷ most picks (compared among all entries), rounded half up to 4 decimal places.",
        "Scripts and paid votes are forbidden.",
    )
