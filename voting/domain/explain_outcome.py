"""How the outcome is made, in words: points, rounds, funnel, final score, awards."""

from __future__ import annotations

from voting.domain.contest import Contest
from voting.domain.language import Language
from voting.domain.tables import Award, Cut, PublicPoints, Round

_FORMULAS = {
    "zh": {
        "linear_to_leader": "{points}×票数÷最高票数",
        "rank_linear": "{points}÷作品数×（作品数－名次＋1）",
        "rank_step": "按名次依次为 {steps} 分，其后为 0 分",
        "share": "{points}×票数÷总票数",
        "min_max": "{points}×（票数－最低票数）÷（最高票数－最低票数）",
        "percentile": "{points}×票数更低的其他作品数÷其他作品数",
    },
    "en": {
        "linear_to_leader": "{points} × picks ÷ most picks",
        "rank_linear": "{points} ÷ entries × (entries − place + 1)",
        "rank_step": "{steps} by place, then 0",
        "share": "{points} × picks ÷ all picks",
        "min_max": "{points} × (picks − fewest) ÷ (most − fewest)",
        "percentile": "{points} × other entries with fewer picks ÷ other entries",
    },
}
_SCOPES = {
    "zh": {"all": "在全部参评作品中比较", "finalists": "在入围作品中比较"},
    "en": {"all": "compared among all entries", "finalists": "compared among the finalists"},
}
_RANKED = ("rank_linear", "rank_step", "percentile")


def explain_outcome(contest: Contest, language: Language) -> tuple[str, ...]:
    """One sentence for each rule."""
    zh = language == "zh"
    sentences = [_points(contest.public_points, language)]
    sentences += [_round(round_, language) for round_ in contest.rounds]
    sentences += [_cut(cut, contest, language) for cut in contest.cuts]
    if contest.blend:
        parts = [f"{_source(part.source, contest, language)}（满分 {part.points}）" for part in contest.blend.parts]
        if not zh:
            parts = [f"{_source(part.source, contest, language)} (up to {part.points})" for part in contest.blend.parts]
        places = contest.blend.places
        sentences.append(
            f"最终得分＝{'＋'.join(parts)}，四舍五入保留 {places} 位小数。"
            if zh
            else f"Final score = {' + '.join(parts)}, rounded half up to {places} decimal places."
        )
    return (*sentences, *(_award(award, contest, language) for award in contest.awards))


def _points(rule: PublicPoints, language: Language) -> str:
    formula = _FORMULAS[language][rule.normaliser].format(
        points=rule.points,
        steps="、".join(map(str, rule.steps)) if language == "zh" else ", ".join(map(str, rule.steps)),
    )
    scope, places = _SCOPES[language][rule.scope], rule.places
    if language == "zh":
        ties = {"shared": "票数相同者名次并列", "mean": "票数相同者取并列段平均"}[rule.ties]
        tied = f"，{ties}" if rule.normaliser in _RANKED else ""
        return f"公众评选得分＝{formula}（{scope}{tied}），四舍五入保留 {places} 位小数。"
    ties = {"shared": "equal picks share the place", "mean": "equal picks get the mean of their places"}[rule.ties]
    tied = f", {ties}" if rule.normaliser in _RANKED else ""
    return f"Public points = {formula} ({scope}{tied}), rounded half up to {places} decimal places."


def _round(round_: Round, language: Language) -> str:
    unset = any(criterion.weight is None for criterion in round_.criteria)
    dropped = round_.drop_highest, round_.drop_lowest
    if language == "zh":
        criteria = "、".join(f"{each.name}{f' {each.weight}%' if each.weight else ''}" for each in round_.criteria)
        weights = "；文件未给出权重，须由主办方确定后方可计分" if unset else ""
        trim = f"，去掉 {dropped[0]} 个最高分和 {dropped[1]} 个最低分" if any(dropped) else ""
        return f"{round_.name}：专家按 {criteria} 打分，每项满分 {round_.full}{trim}，取平均{weights}。"
    criteria = ", ".join(f"{each.name}{f' {each.weight}%' if each.weight else ''}" for each in round_.criteria)
    weights = "; the document gives no weights, the organiser must set them before scores can be made" if unset else ""
    trim = f", {dropped[0]} highest and {dropped[1]} lowest left out" if any(dropped) else ""
    return f"{round_.name}: experts mark {criteria}, each up to {round_.full}{trim}; the mean counts{weights}."


def _cut(cut: Cut, contest: Contest, language: Language) -> str:
    source, order = _source(cut.by, contest, language), _order(cut.order, contest, language)
    if language == "zh":
        ties = "末位并列者一并入围" if cut.ties == "include" else f"末位并列时依次比较{order}"
        return f"按{source}取前 {cut.keep} 件入围，{ties}。"
    ties = "equals at the end go on too" if cut.ties == "include" else f"equals at the end are decided by {order}"
    return f"The first {cut.keep} by {source} go on; {ties}."


def _award(award: Award, contest: Contest, language: Language) -> str:
    source = _source(award.by, contest, language)
    others = [each.name for each in contest.awards if each.id in award.excludes]
    if language == "zh":
        number = f"{award.count} 名" if award.count is not None else "数量由主办方确定"
        number = f"{award.percent}%" if award.percent else number
        each = "每个类别" if award.per_category else ""
        without = f"，不与{'、'.join(others)}兼得" if others else ""
        among = "入围作品" if award.among == "finalists" and contest.cuts else "全部作品"
        return f"{award.name}：{each}{number}，按{source}从{among}中产生{without}。"
    number = str(award.count) if award.count is not None else "a number that the organiser sets"
    number = f"{award.percent}%" if award.percent else number
    each = " in each category" if award.per_category else ""
    without = f", not together with {', '.join(others)}" if others else ""
    among = "the finalists" if award.among == "finalists" and contest.cuts else "all entries"
    return f"{award.name}: {number}{each}, by {source} among {among}{without}."


def _order(order: tuple[str, ...], contest: Contest, language: Language) -> str:
    return ("、" if language == "zh" else ", then ").join(_source(source, contest, language) for source in order)


def _source(source: str, contest: Contest, language: Language) -> str:
    """A source as people call it."""
    kind, _, id = source.partition(":")
    if kind == "round":
        return next(each.name for each in contest.rounds if each.id == id)
    if kind == "metric":
        return next(each.name for each in contest.metrics if each.id == id)
    zh = {"public": "公众评选得分", "votes": "有效票数", "final": "最终得分"}
    en = {"public": "public points", "votes": "counted picks", "final": "final score"}
    return (zh if language == "zh" else en)[kind]
