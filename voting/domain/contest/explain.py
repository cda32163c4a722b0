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

_BRIEF_PERIOD = {
    "zh": {"window": "共", "week": "每周", "day": "每天", "hour": "每小时", "sliding": "每 {} 分钟"},
    "en": {"window": "in all", "week": "a week", "day": "a day", "hour": "an hour", "sliding": "in {} minutes"},
}


def explain(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns one sentence for each rule."""
    zh = language == "zh"
    sentences = [*explain_course(contest, language)]
    if contest.public_vote:
        sentences += [_window(contest, language), _ballot(contest, language)]
        sentences += [explain_quota(quota, contest, language) for quota in contest.quotas]
        sentences.append(_display(contest, language))
    else:
        sentences.append("本活动不设公众投票。" if zh else "There is no public vote.")
    sentences += explain_outcome(contest, language)
    if contest.public_vote:
        sentences.append("禁止刷票和有偿投票。" if zh else "Scripts and paid votes are forbidden.")
    return (*sentences, *explain_end(contest, language))


def explain_briefly(contest: Contest, language: Language) -> str:
    """Returns the quotas in a few words, as they stand above the list of entries."""
    zh = language == "zh"
    if not contest.public_vote:
        return "由评委评分" if zh else "Judges decide"
    parts = []
    for quota in contest.quotas:
        period = _BRIEF_PERIOD[language][quota.period].format(quota.minutes)
        if zh:
            per = {"contest": "每人", "category": "每类", "entry": "同一作品"}[quota.per]
            parts.append(f"{per}{period} {quota.limit} {'票' if quota.unit == 'picks' else '张选票'}")
        else:
            per = {"contest": "", "category": " in each category", "entry": " for the same entry"}[quota.per]
            unit = "vote" if quota.unit == "picks" else "ballot"
            parts.append(f"{quota.limit} {unit}{'' if quota.limit == 1 else 's'}{per} {period}")
    return ("，" if zh else ", ").join(parts)


def local(moment: datetime, contest: Contest, language: Language, seconds: bool = False) -> str:
    """Returns a moment in the contest's time zone, written the way people write it."""
    here = moment.astimezone(contest.zone)
    clock = f"{here:%H:%M:%S}" if seconds else f"{here:%H:%M}"
    if language == "zh":
        zone = "北京时间" if contest.time_zone == "Asia/Shanghai" else contest.time_zone
        return f"{here.year}年{here.month}月{here.day}日 {clock}（{zone}）"
    return f"{here:%Y-%m-%d} {clock} ({contest.time_zone})"


def local_short(moment: datetime, contest: Contest, language: Language) -> str:
    """Returns a moment without year and time zone; an end at midnight is 24:00 of the day before."""
    here, clock = moment.astimezone(contest.zone), ""
    if moment == contest.closes_at and f"{here:%H:%M}" == "00:00":
        here, clock = here - timedelta(days=1), "24:00"
    clock = clock or f"{here.hour}:{here:%M}"
    return f"{here.month}月{here.day}日 {clock}" if language == "zh" else f"{here.day} {here:%b} {clock}"


def local_time(moment: datetime, now: datetime, contest: Contest, language: Language, seconds: bool = False) -> str:
    """Returns the time of a moment, with its day if that is not today."""
    here = moment.astimezone(contest.zone)
    if here.date() != now.astimezone(contest.zone).date():
        return local_short(moment, contest, language)
    return f"{here.hour}:{here:%M:%S}" if seconds else f"{here.hour}:{here:%M}"


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
    zh = language == "zh"
    per, count = _PER[language][quota.per], quota.limit
    if quota.period == "sliding":
        period = f"任意连续 {quota.minutes} 分钟内" if zh else f"in any {quota.minutes} minutes"
    else:
        period = _PERIOD[language][quota.period]
    if zh:
        renewal = "（零点重新计算）" if quota.period == "day" else ""
        return f"每位投票人{period}{per}最多 {count} {'票' if quota.unit == 'picks' else '张选票'}{renewal}。"
    unit = quota.unit[:-1] if count == 1 else quota.unit
    renewal = f", counted from zero at midnight ({contest.time_zone})" if quota.period == "day" else ""
    return f"A voter has at most {count} {unit}{per} {period}{renewal}."


def _display(contest: Contest, language: Language) -> str:
    rule = contest.display
    at = f"{rule.at:%H:%M}"
    zh = {"live": "票数实时显示。", "delayed": f"票数每 {rule.minutes} 分钟更新一次。"}
    zh |= {"daily": f"票数每天 {at} 更新一次。", "hidden": "投票期间不显示票数。"}
    en = {"live": "Picks are shown live.", "delayed": f"Picks are updated every {rule.minutes} minutes."}
    en |= {"daily": f"Picks are updated every day at {at}.", "hidden": "Picks are hidden during voting."}
    return {"zh": zh, "en": en}[language][rule.policy]
