"""The course of the contest in words: phases, entries, nomination, voters, objections."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import EntryCheck, Nomination, Phase, Unique, VoterRule
from voting.domain.identity.channel import NAMES
from voting.domain.identity.tier import NAMES as TIER_NAMES
from voting.domain.language import Language, called


def explain_course(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns one sentence for each rule."""
    sentences = [_phase(phase, language) for phase in contest.phases]
    sentences += [_check(check, contest, language) for check in contest.entry_checks]
    sentences += [_nomination(nomination, language) for nomination in contest.nominations]
    sentences += [_unique(unique, contest, language) for unique in contest.uniques]
    zh = language == "zh"
    if contest.tags:
        sentences.append(
            f"作品可另注明至多 {contest.tags} 个兼及类别，只按所报类别参评。"
            if zh
            else f"An entry may name up to {contest.tags} further categories, and competes in its own only."
        )
    if contest.past_winners:
        sentences.append("往届入选者不再参与。" if zh else "Past winners do not take part again.")
    channels = [NAMES[language][channel] for channel in contest.voters.channels]
    if channels and replace(contest.voters, apart=()) != VoterRule():
        sentences.append(f"投票方式：{'、'.join(channels)}。" if zh else f"Votes come through {', '.join(channels)}.")
    if contest.voters.apart:
        tiers = [TIER_NAMES[language][tier] for tier in contest.voters.apart]
        sentences.append(
            f"以下凭证的票数单独统计，不影响得分、入围和奖项：{'、'.join(tiers)}。"
            if zh
            else f"Picks of these credentials have a tally of their own and decide no place: {', '.join(tiers)}."
        )
    if rule := contest.verification:
        ways = [NAMES[language][channel] for channel in rule.by]
        share = f"{rule.share * 100:.3g}%"
        others = "" if rule.identified is None else f"{rule.identified * 100:.3g}%"
        if zh:
            asked = share + (f"（网页投票以外为 {others}）" if others else "")
            sentence = (
                f"系统每天抽签请约 {asked} 的投票人另行确认（{'、'.join(ways)}），有的作品抽得多一些；"
                "未确认的选票照常计入。如某部分选票明显异常，主办方可请其中全部投票人限时确认，其中超出通常未回应比例的未确认选票逾期作废。"
            )
        else:
            asked = share + (f" ({others} of those who signed in)" if others else "")
            sentence = (
                f"Each day about {asked} of the voters, drawn by lot, are asked to confirm through {', '.join(ways)}, "
                "more for some entries; their votes count without it. Where ballots look invented, the host may ask "
                "all voters of that part to confirm in a stated time, after which unconfirmed ballots are void "
                "as far as they are more than people usually leave."
            )
        sentences.append(sentence)
    return tuple(sentences)


def explain_end(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns sentences on what follows the scores: sanctions, objections and readings of the document."""
    zh = language == "zh"
    sentences = []
    if contest.sanctions:
        steps = ("；" if zh else "; ").join(contest.sanctions)
        several = len(contest.sanctions) > 1
        sentences.append(
            f"违规处理{'依次为' if several else ''}：{steps}。"
            if zh
            else f"Sanctions{', one after another' if several else ''}: {steps}."
        )
    if contest.publication:
        days, working = contest.publication.days, contest.publication.working_days
        if zh:
            real = "，异议须实名提出并附证明材料" if contest.publication.real_name else ""
            sentences.append(f"结果公示 {days} 个{'工作日' if working else '自然日'}{real}。")
        else:
            real = "; an objection needs a real name and evidence" if contest.publication.real_name else ""
            span = f"{days} {'working ' if working else ''}days"
            sentences.append(f"The result is published for objections for {span}{real}.")
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
    name = called(phase, language)
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
        f"{late.region}{late.channel}截至{_day(late.closes_on, language)} 24:00"
        if zh
        else f"{' '.join(filter(None, (late.region, late.channel)))} until {_day(late.closes_on, language)}, 24:00"
        for late in phase.deadlines
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
    "minutes": (" 分钟", " minutes"),
    "resolution": ("P", "P"),
    "size": (" MB", " MB"),
}
_YES = {"是": "yes (是)", "否": "no (否)"}
# The names people use for the roster's own columns.
_COLUMNS = {
    "code": ("编号", "code"),
    "title": ("名称", "title"),
    "author": ("作者", "author"),
    "summary": ("简介", "summary"),
    "video": ("视频链接", "video link"),
    "recommender": ("推荐单位", "recommender"),
}


def _check(check: EntryCheck, contest: Contest, language: Language) -> str:
    zh = language == "zh"
    named = [category for category in contest.categories if category.id in check.categories]
    only = ("、" if zh else ", ").join(called(category, language) for category in named)
    optional = not check.needed and check.kind not in ("filled", "number", "text")
    if zh:
        given = "，如提供，" if optional else ""
        return f"作品“{_column(check.column, language)}”{given}{_demand_zh(check)}{f'（{only}）' if only else ''}。"
    column = check.column_en or _column(check.column, language)
    given = ", where given" if optional else ""
    return f"An entry's {column}: {_demand_en(check)}{given}{f' ({only})' if only else ''}."


def _column(column: str, language: Language) -> str:
    zh, en = _COLUMNS.get(column, (column, column))
    return zh if language == "zh" else en


def _unique(unique: Unique, contest: Contest, language: Language) -> str:
    ways = [called(nomination, language) for nomination in contest.nominations if nomination.id in unique.nominations]
    column = _column(unique.column, language)
    if language == "zh":
        return f"{'、'.join(ways)}{'中，' if ways else ''}同一{column}最多 {unique.most} 件作品。"
    entries = "entry" if unique.most == 1 else "entries"
    among = f" among {', '.join(ways)}" if ways else ""
    return f"At most {unique.most} {entries} of one {column}{among}."


def _demand_zh(check: EntryCheck) -> str:
    if check.kind in _MEASURED:
        least, most, unit = _span(check)
        floor = "不低于" if check.kind == "resolution" else "不少于"
        span = f"不超过 {most}" if least is None else f"{floor} {least}" if most is None else f"为 {least}–{most}"
        return span + _MEASURED[unit][0]
    values = check.values
    listed = f"须为“{'”“'.join(values)}”{'之一' if len(values) > 1 else ''}"
    words = {
        "one_of": listed,
        "container": listed,
        "ratio": f"的宽高比须为 {' 或 '.join(values)}",
        "pattern": f"须按格式：{check.form}" if check.form else "须符合规定的格式",
    }
    return words.get(check.kind, "必填")


def _demand_en(check: EntryCheck) -> str:
    if check.kind in _MEASURED:
        least, most, unit = _span(check)
        span = f"{least} to {most}"
        span = f"at most {most}" if least is None else f"at least {least}" if most is None else span
        return span + _MEASURED[unit][1]
    values = check.values
    words = {
        "one_of": f"{'one of ' if len(values) > 1 else ''}{', '.join(_YES.get(value, value) for value in values)}",
        "container": " or ".join(values),
        "ratio": f"ratio {' or '.join(values)}",
        "pattern": f"in the form {check.form}" if check.form else "in the given form",
    }
    return words.get(check.kind, "required")


def _span(check: EntryCheck) -> tuple[int | None, int | None, str]:
    """Returns least, most and their unit: minutes if the seconds are whole minutes."""
    least, most = check.least, check.most
    if check.kind == "duration" and not ((least or 0) % 60 or (most or 0) % 60):
        return least and least // 60, most and most // 60, "minutes"
    return least, most, check.kind


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
    each, name = nomination.per == "recommender_category", called(nomination, language)
    if zh:
        ranked = "，并注明推荐顺序" if nomination.ranked else ""
        return f"{name}：每个推荐单位{'每个类别 ' if each else ''}{number}{ranked}。"
    ranked = ", in order of recommendation" if nomination.ranked else ""
    return f"{name}: {number} from each recommender{' and category' if each else ''}{ranked}."
