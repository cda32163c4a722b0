"""Cautions for an organiser before a contest opens, about weak rules."""

from __future__ import annotations

from collections.abc import Mapping

from voting.domain.contest.contest import Contest
from voting.domain.identity.channel import NAMES, Channel
from voting.domain.language import Language

_WEB: Mapping[Language, str] = {
    "zh": "网页投票仅凭浏览器 Cookie 区分投票人，任何人都可以反复获取（每次计算不到一秒）。"
    "耐心的刷票脚本借助数百个地址，可使数千张选票计入而不被发现。若票数决定奖项，请改用向已核实人员发放的凭证（issued），或仅将票数作为参考。",
    "en": "Web voters are distinguished by a browser cookie only, and anyone can get new ones (in less than a second "
    "of computing). A patient script behind some hundred addresses can get thousands of ballots counted without "
    "detection. If votes decide awards, issue credentials to people you have verified (issued), or treat the "
    "votes as advisory.",
}
_APART: Mapping[Language, str] = {
    "zh": "同一人经由以下各组渠道进入时会被视为不同的投票人，"
    "因为没有可以互相识别的身份（微信 unionid 或已验证的手机号）：{}。因此一人最多可投 {} 倍的票数限额。",
    "en": "A person counts as another voter in each of these groups of channels, because no identity (WeChat's unionid "
    "or a verified phone number) is the same in them: {}. So one person may vote up to {} times the quota.",
}


def cautions(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns one or two sentences for each caution."""
    sentences = [_WEB[language]] if "web" in contest.voters.channels else []
    if len(groups := voter_groups(contest)) > 1:
        comma, semicolon = ("、", "；") if language == "zh" else (", ", "; ")
        shown = semicolon.join(comma.join(NAMES[language][channel] for channel in group) for group in groups)
        sentences.append(_APART[language].format(shown, len(groups)))
    return tuple(sentences)


def voter_groups(contest: Contest) -> list[list[Channel]]:
    """Returns the contest's channels, those together in which the same person is recognised.

    `web` is left out: a person there is as many voters as browsers, which another caution says.
    """
    groups: list[list[Channel]] = []
    for channel in contest.voters.channels:
        if channel == "web":
            continue
        shared = contest.voters.shared_by(channel)
        near = [group for group in groups if any(shared & contest.voters.shared_by(other) for other in group)]
        groups = [group for group in groups if group not in near]
        groups.append([*(other for group in near for other in group), channel])
    return groups
