"""The course of the contest in words: phases, entries, nomination, voters, objections."""

from __future__ import annotations

from datetime import date

from voting.domain.contest import Contest
from voting.domain.language import Language
from voting.domain.tables import EntryCheck, Nomination, Phase, Publication

_CHANNELS = {
    "zh": {"web": "网页", "wechat": "微信", "mini_program": "小程序", "issued": "主办方核验后发放的凭证"},
    "en": {
        "web": "the web",
        "wechat": "WeChat",
        "mini_program": "the mini program",
        "issued": "a credential that the host gives out after a check",
    },
}


def explain_course(contest: Contest, language: Language) -> tuple[str, ...]:
    """One sentence for each rule."""
    sentences = [_phase(phase, language) for phase in contest.phases]
    sentences += [_check(check, contest, language) for check in contest.entry_checks]
    sentences += [_nomination(nomination, language) for nomination in contest.nominations]
    for unique in contest.uniques:
        zh, en = (
            f"同一“{unique.column}”最多 {unique.most} 件作品。",
            f"At most {unique.most} entries of one {unique.column}.",
        )
        sentences.append(zh if language == "zh" else en)
    if contest.past_winners:
        zh, en = "往届入选者不再参与。", "Past winners do not take part again."
        sentences.append(zh if language == "zh" else en)
    return (*sentences, *_voters(contest, language))


def explain_end(contest: Contest, language: Language) -> tuple[str, ...]:
    """What comes after the scores: sanctions, objections, and what was read into the document."""
    zh = language == "zh"
    sentences = []
    if contest.sanctions:
        steps = ("；" if zh else "; ").join(contest.sanctions)
        sentences.append(f"违规处理依次为：{steps}。" if zh else f"Sanctions, one after another: {steps}.")
    if contest.publication:
        sentences.append(_publication(contest.publication, language))
    for reading in contest.readings:
        taken = reading.taken if zh else reading.taken_en or reading.taken
        sentences.append(
            f"待主办方确认：文件“{reading.clause}”，按“{taken}”执行。"
            if zh
            else f"To be confirmed by the host: the document's “{reading.clause}” was read as: {taken}"
        )
    return tuple(sentences)


def _phase(phase: Phase, language: Language) -> str:
    zh = language == "zh"
    name = phase.name if zh else phase.name_en or phase.name
    first, last = _day(phase.opens_on, language), _day(phase.closes_on, language)
    if phase.opens_on is None and phase.closes_on is None:
        when = "时间另行通知" if zh else "to be announced"
    elif phase.opens_on is None:
        when = f"截至{last} 24:00" if zh else f"until {last}, 24:00"
    elif phase.closes_on is None:
        when = f"{first}起" if zh else f"from {first}"
    else:
        when = f"{first}至{last}" if zh else f"{first} to {last}"
    others = [
        f"{each.region}{each.channel}截至{_day(each.closes_on, language)} 24:00"
        if zh
        else f"{' '.join(filter(None, (each.region, each.channel)))} until {_day(each.closes_on, language)}, 24:00"
        for each in phase.deadlines
    ]
    more = [*others, *([phase.note] if phase.note else [])]
    if zh:
        return f"{name}：{when}{'（' + '；'.join(more) + '）' if more else ''}。"
    return f"{name}: {when}{' (' + '; '.join(more) + ')' if more else ''}."


def _day(day: date | None, language: Language) -> str:
    if day is None:
        return ""
    return f"{day.year}年{day.month}月{day.day}日" if language == "zh" else day.isoformat()


_MEASURED = {
    "number": ("", ""),
    "text": (" 字", " characters"),
    "duration": (" 秒", " seconds"),
    "resolution": ("P", "P"),
}


def _check(check: EntryCheck, contest: Contest, language: Language) -> str:
    zh = language == "zh"
    named = [each for each in contest.categories if each.id in check.categories]
    only = "、".join(each.name for each in named) if zh else ", ".join(each.name_en or each.name for each in named)
    if zh:
        return f"作品“{check.column}”{_demand_zh(check)}{f'（{only}）' if only else ''}。"
    return f"An entry's {check.column} {_demand_en(check)}{f' ({only})' if only else ''}."


def _demand_zh(check: EntryCheck) -> str:
    if check.kind in _MEASURED:
        least, most = check.least, check.most
        span = f"不超过 {most}" if least is None else f"不少于 {least}" if most is None else f"为 {least}–{most}"
        return span + _MEASURED[check.kind][0]
    values = check.values
    words = {"one_of": f"为 {'、'.join(values)}", "ratio": f"为 {' 或 '.join(values)}", "pattern": "须符合规定的格式"}
    return words.get(check.kind, "必填")


def _demand_en(check: EntryCheck) -> str:
    if check.kind in _MEASURED:
        least, most = check.least, check.most
        span = (
            f"is at most {most}"
            if least is None
            else f"is at least {least}"
            if most is None
            else f"is {least} to {most}"
        )
        return span + _MEASURED[check.kind][1]
    values = check.values
    words = {
        "one_of": f"is one of {', '.join(values)}",
        "ratio": f"is {' or '.join(values)}",
        "pattern": "has the given form",
    }
    return words.get(check.kind, "is required")


def _nomination(nomination: Nomination, language: Language) -> str:
    zh = language == "zh"
    if nomination.most_percent:
        number = f"不超过总数的 {nomination.most_percent}%" if zh else f"at most {nomination.most_percent}% of all"
    elif nomination.most is None:
        number = "数量不限" if zh else "any number"
    elif nomination.least:
        number = f"{nomination.least}–{nomination.most} 件" if zh else f"{nomination.least} to {nomination.most}"
    else:
        number = f"不超过 {nomination.most} 件" if zh else f"at most {nomination.most}"
    each = nomination.per == "recommender_category"
    if zh:
        ranked = "，并注明推荐顺序" if nomination.ranked else ""
        return f"{nomination.name}：每个推荐单位{'每个类别' if each else ''}{number}{ranked}。"
    ranked = ", in order of recommendation" if nomination.ranked else ""
    return f"{nomination.name}: {number} from each recommender{' and category' if each else ''}{ranked}."


def _voters(contest: Contest, language: Language) -> tuple[str, ...]:
    channels = [_CHANNELS[language][channel] for channel in contest.voters.channels]
    if len(channels) == len(_CHANNELS[language]):
        return ()
    return (f"投票方式：{'、'.join(channels)}。" if language == "zh" else f"Votes come through {', '.join(channels)}.",)


def _publication(publication: Publication, language: Language) -> str:
    if language == "zh":
        days = f"{publication.days} 个{'工作日' if publication.working_days else '自然日'}"
        return f"结果公示 {days}{'，异议须实名并附证明材料' if publication.real_name else ''}。"
    days = f"{publication.days} {'working ' if publication.working_days else ''}days"
    real = "; an objection takes the real name and evidence" if publication.real_name else ""
    return f"The result is published for objections for {days}{real}."
