"""The sentences for voters from published contests' files, in both languages."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domain.contest.test_contests import of
from voting.domain.contest.explain import explain

# Parts that the sentences for voters must contain: in Chinese, then in English.
SAID = {
    "000": "金奖：10 名/人气奖：5 名/50 名/3–10 分钟/720P/2023年9月29日 00:00|3 to 10 minutes/720P/2023-10-08 24:00",
    "001": "2024年7月31日/推荐汇总表截至2024年5月31日/"
    "每个类别 3 名/另行通知|推荐汇总表 until 2024-05-31/3 in each category",
    "002": "2025年8月31日/广东省扫码报名截至2025年8月25日/10 名|2025-08-31/广东省 扫码报名 until 2025-08-25/: 10,",
    "003": "每个类别 2–3 件/3–5/2000 字/不超过 3 分钟/往届入选者|2 to 3 from each/3 to 5/2000 characters/3 minutes",
    "004": "前 100 件/60 名/科学性 30%/满分 8/满分 2|first 100/: 60,/Scientific soundness 30%/up to 8/up to 2",
    "rule-01": "每天最多 1 张选票/1–3 件/12月25日 24:00/微信|1 ballot a day/1–3 picks/2022-12-25 24:00/WeChat",
    "rule-02": "每天最多 5 张选票/10–100 件/1月15日 24:00|5 ballots a day/10–100 picks/2019-01-15 24:00",
    "rule-03": "每天最多 30 票/前 300 件/一等奖：5 名/优秀奖：60 名|30 picks a day/first 300/: 5,/: 60,",
    "rule-04": "每天最多 5 票/可重复选择/每 5 分钟/7月10日 18:00|5 picks a day/every 5 minutes/2022-07-10 18:00",
    "rule-05": "每天最多 3 票/满分 70/满分 30|3 picks a day/up to 70/up to 30",
    "rule-06": "每天最多 10 票/5÷作品数×（作品数－名次＋1）/去掉 1 个最高分|10 picks a day/5 ÷ entries ×/1 highest",
    "rule-07": "100×票数÷最高票数/满分 30/满分 70|100 × picks ÷ most picks/up to 30/up to 70",
    "rule-08": "依次为 5、4、3、2、1 分/满分 5|5, 4, 3, 2, 1 by place/up to 5",
    "rule-09": "取并列段平均/并列者一并入围/对同一作品最多 1 票|the mean of their places/equals at the end go on too",
    "rule-10": "路演（满分 80）/满分 20|up to 80/up to 20",
    "rule-11": "任意连续 5 分钟内最多 1 票/前 30 件|1 pick in any 5 minutes/first 30",
    "rule-12": "每小时对同一作品最多 2 票|2 picks for the same entry an hour",
    "rule-13": "依次为：第一次封禁5天；第二次票数清零；第三次取消资格|第一次封禁5天; 第二次票数清零; 第三次取消资格",
    "rule-14": "不超过总数的 40%/对同一作品最多 1 票|at most 40% of all/1 pick for the same entry a day",
    "rule-15": "公示 8 个自然日/实名/2016年4月11日至2016年4月18日|8 days/real name/2016-04-11 to 2016-04-18",
    "rule-16": "主办方核验后发放的凭证/最多 1 张选票/1–10 件|a credential that the host/1 ballot/1–10 picks",
}


@pytest.mark.parametrize("name", SAID)
def test_the_sentences_have_the_numbers_in_both_languages(name: str) -> None:
    """Voters read the same rules that the organiser wrote; readings are left out, since they repeat the numbers."""
    rules = replace(of(name), readings=())
    zh, en = " ".join(explain(rules, "zh")), " ".join(explain(rules, "en"))
    for text, parts in zip((zh, en), SAID[name].split("|"), strict=True):
        assert [part for part in parts.split("/") if part not in text] == []
