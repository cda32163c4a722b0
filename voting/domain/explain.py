"""The rules in words, in Chinese and English: the same on the voter's page, in the API and on the terminal."""

from __future__ import annotations

from datetime import datetime

from voting.domain.contest import Contest
from voting.domain.explain_course import explain_course, explain_end
from voting.domain.explain_outcome import explain_outcome
from voting.domain.language import Language
from voting.domain.tables import Quota

_PER = {
    "zh": {"contest": "", "category": "每个类别", "entry": "对同一作品"},
    "en": {"contest": "", "category": " in each category", "entry": " for the same entry"},
}
_PERIOD = {
    "zh": {"window": "整个投票期内", "week": "每周", "day": "每天", "hour": "每小时"},
    "en": {"window": "during the whole vote", "week": "a week", "day": "a day", "hour": "an hour"},
}


def explain(contest: Contest, language: Language) -> tuple[str, ...]:
    """One sentence for each rule."""
    sentences = [*explain_course(contest, language), _window(contest, language), _ballot(contest, language)]
    sentences += [explain_quota(quota, contest, language) for quota in contest.quotas]
    sentences += [_display(contest, language), *explain_outcome(contest, language), _fairness(language)]
    return (*sentences, *explain_end(contest, language))


def local(moment: datetime, contest: Contest, language: Language) -> str:
    """A moment as people of the contest's time zone write it."""
    here = moment.astimezone(contest.zone)
    if language == "zh":
        zone = "北京时间" if contest.time_zone == "Asia/Shanghai" else contest.time_zone
        return f"{here.year}年{here.month}月{here.day}日 {here:%H:%M}（{zone}）"
    return f"{here:%Y-%m-%d %H:%M} ({contest.time_zone})"


def _window(contest: Contest, language: Language) -> str:
    opens, closes = (local(moment, contest, language) for moment in (contest.opens_at, contest.closes_at))
    if language == "zh":
        return f"投票时间：{opens}起，至{closes}止。"
    return f"Voting opens on {opens} and closes on {closes}."


def _ballot(contest: Contest, language: Language) -> str:
    rule = contest.ballot
    span = str(rule.least) if rule.least == rule.most else f"{rule.least}–{rule.most}"
    if language == "zh":
        again = "可重复选择同一作品" if rule.repeats else "同一张选票上不可重复选择同一作品"
        return f"每张选票可选 {span} 件作品，{again}。"
    again = "may pick an entry more than once" if rule.repeats else "picks each entry at most once"
    return f"A ballot holds {span} {'pick' if span == '1' else 'picks'} and {again}."


def explain_quota(quota: Quota, contest: Contest, language: Language) -> str:
    """One quota as a sentence."""
    per, period, count = _PER[language][quota.per], _period(quota, language), quota.limit
    if language == "zh":
        renewal = "（零点重新计算）" if quota.period == "day" else ""
        return f"每位投票人{period}{per}最多 {count} {'票' if quota.unit == 'picks' else '张选票'}{renewal}。"
    unit = quota.unit[:-1] if count == 1 else quota.unit
    renewal = f", counted anew at midnight ({contest.time_zone})" if quota.period == "day" else ""
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
    en = {"live": "Picks are shown live.", "delayed": f"Picks are renewed every {rule.minutes} minutes."}
    en |= {"daily": f"Picks are renewed every day at {at}.", "hidden": "Picks are not shown while voting goes on."}
    return {"zh": zh, "en": en}[language][rule.policy]


def _fairness(language: Language) -> str:
    if language == "zh":
        return "禁止刷票和有偿投票。"
    return "Scripts and paid votes are forbidden."
