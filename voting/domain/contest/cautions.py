"""Cautions for an organiser before a contest opens, about weak rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Award
from voting.domain.identity.channel import NAMES, Channel
from voting.domain.language import Language, called

_WEB: Mapping[Language, str] = {
    "zh": "网页投票仅凭浏览器 Cookie 区分投票人，任何人都可以反复获取（每次计算不到一秒）。"
    "耐心的刷票脚本借助数百个地址，可使数千张选票计入而不被发现。若票数决定奖项，请改用向已核实人员发放的凭证（issued），或仅将票数作为参考。",
    "en": "Web voters are distinguished by a browser cookie only, and anyone can get new ones (in less than a second "
    "of computing). A patient script behind some hundred addresses can get thousands of ballots counted without "
    "detection. If votes decide awards, issue credentials to people you have verified (issued), or treat the "
    "votes as advisory.",
}
_COUNT_HIGHER: Mapping[Language, str] = {
    "zh": "本活动的入围或奖项取决于票数，而网页票与已验证身份的票合并计算：网页凭证几乎没有成本，"
    '其他凭证则需要微信账号、手机号或主办方核验。建议写入 [voters] apart = ["web"]，使网页票单独计数、不影响名次。',
    "en": "Cuts or awards of this contest depend on picks, and web picks count together with those of verified "
    "voters: a web credential costs next to nothing, the others take a WeChat account, a phone number or a check by "
    'the host. Write [voters] apart = ["web"], so that web picks have a tally of their own and decide no place.',
}
_SAMPLE: Mapping[Language, str] = {
    "zh": "网页票计入结果，却没有抽样核实：建议加入 [verification]，请随机抽取的投票人确认，从而估计虚假投票的比例。",
    "en": "Web picks count and no sample of their voters is verified: add [verification], which asks voters chosen by "
    "chance to confirm, so that the share of invented voters can be estimated.",
}
_APART: Mapping[Language, str] = {
    "zh": "同一人经由以下各组渠道进入时会被视为不同的投票人，"
    "因为没有可以互相识别的身份（微信 unionid 或已验证的手机号）：{}。因此一人最多可投 {} 倍的票数限额。",
    "en": "A person counts as another voter in each of these groups of channels, because no identity (WeChat's unionid "
    "or a verified phone number) is the same in them: {}. So one person may vote up to {} times the quota.",
}
_TWO_AWARDS: Mapping[Language, str] = {
    "zh": "同一作品可以兼得{}，因为它们依据同一成绩产生。如不应兼得，请在后一奖项中写入 excludes = [{}]。",
    "en": "One entry can win both {}, because the same figure decides them. If it must not, write excludes = [{}] into "
    "the later award.",
}
_MOST_NAMED = 3


def cautions(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns one or two sentences for each caution."""
    counts_web = "web" in contest.voters.channels and "web" not in contest.voters.apart
    sentences = [_WEB[language]] if counts_web else []
    if counts_web and _depends_on_picks(contest):
        sentences.append(_COUNT_HIGHER[language])
        if contest.verification is None:
            sentences.append(_SAMPLE[language])
    if len(groups := voter_groups(contest)) > 1:
        comma, semicolon = ("、", "；") if language == "zh" else (", ", "; ")
        shown = semicolon.join(comma.join(NAMES[language][channel] for channel in group) for group in groups)
        sentences.append(_APART[language].format(shown, len(groups)))
    if both := list(_held_together(contest)):
        within, between = ("和", "；以及") if language == "zh" else (" and ", "; both ")
        named = [within.join(called(award, language) for award in pair) for pair in both[:_MOST_NAMED]]
        shown = between.join(named) + (" …" if len(both) > _MOST_NAMED else "")
        sentences.append(_TWO_AWARDS[language].format(shown, f'"{both[0][0].id}"'))
    return tuple(sentences)


def _held_together(contest: Contest) -> Iterator[tuple[Award, Award]]:
    """Yields each two awards, of those given, that the same entries lead: a first and a second prize, by mistake."""
    given = [award for award in contest.awards if award.count or award.percent]
    for award, later in combinations(given, 2):
        apart = award.categories and later.categories and not {*award.categories} & {*later.categories}
        if award.by == later.by and award.id not in later.excludes and not apart:
            yield award, later


def _depends_on_picks(contest: Contest) -> bool:
    """Whether picks decide a cut or an award, alone or in the final score."""
    sources = [cut.by for cut in contest.cuts] + [award.by for award in contest.awards]
    blended = contest.blend is not None and any(part.source == "public" for part in contest.blend.parts)
    return any(source in ("public", "votes") or (source == "final" and blended) for source in sources)


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
