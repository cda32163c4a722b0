"""Cautions for an organiser before a contest opens: weak rules and missing ones."""

from __future__ import annotations

from collections.abc import Mapping

from voting.domain.contest.contest import Contest
from voting.domain.identity.channel import READY_CHANNELS
from voting.domain.language import Language

_WEB: Mapping[Language, str] = {
    "zh": "网页投票仅凭浏览器 Cookie 区分投票人，任何人都可以反复获取（每次计算不到一秒）。"
    "耐心的刷票脚本借助数百个地址，可使数千张选票计入而不被发现。若票数决定奖项，请改用向已核实人员发放的凭证（issued），或仅将票数作为参考。",
    "en": "Web voters are distinguished by a browser cookie only, and anyone can get new ones (in less than a second "
    "of computing). A patient script behind some hundred addresses can get thousands of ballots counted without "
    "detection. If votes decide awards, issue credentials to people you have verified (issued), or treat the "
    "votes as advisory.",
}
_MISSING: Mapping[Language, str] = {
    "zh": "本版本尚未接入以下渠道，目前没有人能经由它们投票：{}。",
    "en": "This version has no adapter for these channels, so nobody can vote through them yet: {}.",
}


def cautions(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns one or two sentences for each caution."""
    channels = contest.voters.channels
    sentences = [_WEB[language]] if "web" in channels else []
    if missing := [channel for channel in channels if channel not in READY_CHANNELS]:
        sentences.append(_MISSING[language].format(("、" if language == "zh" else ", ").join(missing)))
    return tuple(sentences)
