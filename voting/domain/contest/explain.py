"""The rules in words, in Chinese and English: the same on the voter's page, in the API and in the terminal."""

from __future__ import annotations

from datetime import datetime, timedelta

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain_course import explain_course, explain_end
from voting.domain.contest.explain_outcome import explain_outcome
from voting.domain.contest.schema import Quota
from voting.domain.language import Language

_PER = {
    "zh": {"contest": "", "category": "每个类别", "entry": "对同一作品"},
    "en": {"contest": "", "category": " in each category", "entry": " for the same entry"},
}
_PERIOD = {
    "zh": {"window": "整个投票期内", "week": "每周", "day": "每天", "hour": "每小时"},
    "en": {"window": "during the whole vote", "week": "a week", "day": "a day", "hour": "an hour"},
}


def explain(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns one sentence for each rule."""
    vote = _vote(contest, language) if contest.public_vote else (_no_vote(language),)
    fairness = (_fairness(language),) if contest.public_vote else ()
    outcome, end = explain_outcome(contest, language), explain_end(contest, language)
    return (*explain_course(contest, language), *vote, *outcome, *fairness, *end)


def _vote(contest: Contest, language: Language) -> tuple[str, ...]:
    quotas = [explain_quota(quota, contest, language) for quota in contest.quotas]
    return (_window(contest, language), _ballot(contest, language), *quotas, _display(contest, language))


def _no_vote(language: Language) -> str:
    return "本活动不设公众投票。" if language == "zh" else "There is no public vote."


def local(moment: datetime, contest: Contest, language: Language) -> str:
    """Returns a moment in the contest's time zone, written the way people write it."""
    here = moment.astimezone(contest.zone)
    if language == "zh":
        zone = "北京时间" if contest.time_zone == "Asia/Shanghai" else contest.time_zone
        return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}（{zone}）"
    return f"{here:%Y-%m-%d %H:%M} ({contest.time_zone})"


def _window(contest: Contest, language: Language) -> str:
    opens, closes = local(contest.opens_at, contest, language), local(contest.closes_at, contest, language)
    last = contest.closes_at.astimezone(contest.zone) - timedelta(days=1)
    if " 00:00" in closes:
        # An end at midnight is written as 24:00 of the last day, as in the documents (rule-02: 「1月15日24:00」).
        closes = local(last, contest, language).replace(" 00:00", " 24:00")
    if language == "zh":
        return f"投票时间：{opens}起，至{closes}止。"
    return f"Voting opens on {opens} and closes on {closes}."


def _ballot(contest: Contest, language: Language) -> str:
    rule = contest.ballot
    span = str(rule.least) if rule.least == rule.most else f"{rule.least}–{rule.most}"
    if language == "zh":
        again = "，可重复选择同一作品" if rule.repeats else "，同一张选票上不可重复选择同一作品"
        return f"每张选票可选 {span} 件作品{again if rule.most > 1 else ''}。"
    again = " and may pick an entry more than once" if rule.repeats else " and picks each entry at most once"
    return f"A ballot holds {span} {'pick' if span == '1' else 'picks'}{again if rule.most > 1 else ''}."


def explain_quota(quota: Quota, contest: Contest, language: Language) -> str:
    """Returns one quota as a sentence."""
    per, period, count = _PER[language][quota.per], _period(quota, language), quota.limit
    if language == "zh":
        renewal = "（零点重新计算）" if quota.period == "day" else ""
        return f"每位投票人{period}{per}最多 {count} {'票' if quota.unit == 'picks' else '张选票'}{renewal}。"
    unit = quota.unit[:-1] if count == 1 else quota.unit
    renewal = f", counted from zero at midnight ({contest.time_zone})" if quota.period == "day" else ""
    return f"A voter has at most {count} {unit}{per} {period}{renewal}."


def _period(quota: Quota, language: Language) -> str:
    if quota.period == "sliding":
        return f"任意连续 {quota.minutes} 分钟内" if language == "zh" else f"in any {quota.minutes} minutes"
    return _PERIOD[language][quota.period]


def _display(contest: Contest, language: Language) -> str:
    rule = contest.display
    at = f"{rule.at:%H:%M}"
    zh = {"live": "票数实时显示。", "delayed": f"票数每 {rule.minutes} 分钟更新一次。"}
    zh |= {"daily": f"票数每天 {at} 更新一次。", "hidden": "投票期间不显示票数。"}
    en = {"live": "Picks are shown live.", "delayed": f"Picks are updated every {rule.minutes} minutes."}
    en |= {"daily": f"Picks are updated every day at {at}.", "hidden": "Picks are hidden during voting."}
    return {"zh": zh, "en": en}[language][rule.policy]


def _fairness(language: Language) -> str:
    if language == "zh":
        return "禁止刷票和有偿投票。"
    return "Scripts and paid votes are forbidden."
