"""The outcome in words: points, rounds, funnel, final score and awards."""

from __future__ import annotations

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Award, Category, Criterion, Cut, OrganisationAward, PublicPoints, Round
from voting.domain.language import Language, called

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
_SOURCES = {
    "zh": {
        "public": "公众评选得分",
        "votes": "有效票数",
        "final": "最终得分",
        "entries": "推荐作品",
        "finalists": "入围作品",
        "awards": "所获奖项",
    },
    "en": {
        "public": "public points",
        "votes": "counted picks",
        "final": "final score",
        "entries": "entries recommended",
        "finalists": "finalists among them",
        "awards": "awards they hold",
    },
}
_RANKED = ("rank_linear", "rank_step", "percentile")


def explain_outcome(contest: Contest, language: Language) -> tuple[str, ...]:
    """Returns one sentence for each rule."""
    zh = language == "zh"
    sentences = [_points(contest.public_points, language)] if _public_counts(contest) else []
    sentences += [_round(round_, contest, language) for round_ in contest.rounds]
    sentences += [_cut(cut, contest, language) for cut in contest.cuts]
    if contest.blend:
        parts = [f"{source_name(part.source, contest, language)}（满分 {part.points}）" for part in contest.blend.parts]
        if not zh:
            parts = [
                f"{source_name(part.source, contest, language)} (up to {part.points})" for part in contest.blend.parts
            ]
        places = contest.blend.places
        sentences.append(
            f"最终得分＝{'＋'.join(parts)}，四舍五入保留 {places} 位小数。"
            if zh
            else f"Final score = {' + '.join(parts)}, rounded half up to {places} decimal places."
        )
    sentences += [_award(award, contest, language) for award in contest.awards]
    sentences += [_organisation_award(award, contest, language) for award in contest.organisation_awards]
    if contest.awards:
        sentences.append(
            "奖项被收回的，由其后一名依次递补，并注明原因。"
            if zh
            else "If an award is revoked, the next in line moves up, and the reason is given."
        )
    return tuple(sentences)


def explain_tie(source: str, contest: Contest) -> str:
    """Returns why one of several equals was placed first, in both languages."""
    return f"同分，按{source_name(source, contest, 'zh')}排定（a tie, decided by {source_name(source, contest, 'en')}）"


def _public_counts(contest: Contest) -> bool:
    """Whether public points count towards the result; a final score may leave them out."""
    sources = [part.source for part in contest.blend.parts] if contest.blend else ["public"]
    sources += [source for cut in contest.cuts for source in (cut.by, *cut.order)]
    sources += [source for award in contest.awards for source in (award.by, *award.order)]
    return contest.public_vote and "public" in sources


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


def _round(round_: Round, contest: Contest, language: Language) -> str:
    rubrics: dict[tuple[Criterion, ...], list[Category]] = {round_.rubric(id): [] for id in contest.category_ids}
    for category in contest.categories:
        rubrics[round_.rubric(category.id)].append(category)
    unset = any(criterion.weight is None for criterion in round_.criteria)
    dropped = round_.drop_highest, round_.drop_lowest
    if language == "zh":
        criteria = "；".join(_rubric(*rubric, language, several=len(rubrics) > 1) for rubric in rubrics.items())
        weights = "；文件未给出权重，须由主办方确定后方可计分" if unset else ""
        trim = f"去掉 {dropped[0]} 个最高分和 {dropped[1]} 个最低分后" if any(dropped) else ""
        full = f"每项满分 {round_.full} 分"
        return f"{called(round_, language)}：专家打分，{criteria}，{full}，{trim}取各专家总分的平均分{weights}。"
    criteria = "; ".join(_rubric(*rubric, language, several=len(rubrics) > 1) for rubric in rubrics.items())
    weights = "; the document gives no weights, the organiser must set them before scores can be made" if unset else ""
    trim = f", {dropped[0]} highest and {dropped[1]} lowest left out" if any(dropped) else ""
    mean = f"each up to {round_.full}{trim}; the mean counts"
    return f"{called(round_, language)}: experts mark {criteria}, {mean}{weights}."


def _rubric(criteria: tuple[Criterion, ...], categories: list[Category], language: Language, *, several: bool) -> str:
    """Returns the criteria with their weights, and their categories if these differ."""
    zh = language == "zh"
    comma = "、" if zh else ", "
    weighed = [
        f"{called(criterion, language)}{f' {criterion.weight}%' if criterion.weight else ''}" for criterion in criteria
    ]
    listed, names = comma.join(weighed), comma.join(called(category, language) for category in categories)
    if zh:
        return f"{names}类按{listed}" if several else f"按{listed}"
    return f"{listed} (for {names})" if several else listed


def _cut(cut: Cut, contest: Contest, language: Language) -> str:
    source, order = source_name(cut.by, contest, language), _order(cut.order, contest, language)
    if language == "zh":
        ties = "末位并列者一并入围" if cut.ties == "include" else f"末位并列时依次比较{order}"
        return f"按{source}取前 {cut.keep} 件入围，{ties}。"
    ties = "equals at the end go on too" if cut.ties == "include" else f"equals at the end are decided by {order}"
    return f"The first {cut.keep} by {source} go on; {ties}."


def _award(award: Award, contest: Contest, language: Language) -> str:
    source = source_name(award.by, contest, language)
    others = [called(other, language) for other in contest.awards if other.id in award.excludes]
    only = [category for category in contest.categories if category.id in award.categories]
    if language == "zh":
        number = f"{award.count} 名" if award.count is not None else "数量由主办方确定"
        number = f"占 {award.percent}%" if award.percent else number
        each = "每个类别" if award.per_category else ""
        number = f" {number}" if award.per_category and award.count else number
        without = f"，不与{'、'.join(others)}兼得" if others else ""
        among = "入围作品" if award.among == "finalists" and contest.cuts else "全部作品"
        among = f"{'、'.join(called(category, language) for category in only)}类{among}" if only else among
        ties = _ties(award.ties, _order(award.order, contest, language), language)
        return f"{called(award, language)}：{each}{number}，按{source}从{among}中产生{without}{ties}。"
    number = str(award.count) if award.count is not None else "a number that the organiser sets"
    number = f"{award.percent}%" if award.percent else number
    each = " in each category" if award.per_category else ""
    without = f", not together with {', '.join(others)}" if others else ""
    among = "the finalists" if award.among == "finalists" and contest.cuts else "all entries"
    among += f" of {', '.join(called(category, language) for category in only)}" if only else ""
    ties = _ties(award.ties, _order(award.order, contest, language), language)
    return f"{called(award, language)}: {number}{each}, by {source} among {among}{without}{ties}."


def _ties(ties: str, order: str, language: Language) -> str:
    """Returns what happens to equals at the last place."""
    if ties == "include":
        return "；末位并列者一并获奖" if language == "zh" else "; equals at the last place all get it"
    if not order:
        return ""
    decides = "依次比较" if "、" in order else "比较"
    return f"；并列时{decides}{order}" if language == "zh" else f"; between equals decides {order}"


def _organisation_award(award: OrganisationAward, contest: Contest, language: Language) -> str:
    zh = language == "zh"
    merits = [(source_name(merit.source, contest, language), merit.each) for merit in award.merits]
    ways = [called(nomination, language) for nomination in contest.nominations if nomination.id in award.nominations]
    order = _order(award.order, contest, language)
    if zh:
        number = f"{award.count} 个" if award.count is not None else "数量由主办方确定"
        sums = "、".join(f"{name}每项 {each} 分" for name, each in merits)
        only = f"（限{'、'.join(ways)}）" if ways else ""
        ties = _ties(award.ties, order, language)
        return f"{called(award, language)}：{number}，授予推荐单位{only}，按{sums}评出{ties}。"
    number = str(award.count) if award.count is not None else "a number that the organiser sets"
    sums = " + ".join(f"{each} × {name}" for name, each in merits)
    only = f" ({', '.join(ways)})" if ways else ""
    ties = _ties(award.ties, order, language)
    return f"{called(award, language)}: {number}, for organisations that recommend entries{only}, by {sums}{ties}."


def _order(order: tuple[str, ...], contest: Contest, language: Language) -> str:
    return ("、" if language == "zh" else ", then ").join(source_name(source, contest, language) for source in order)


def source_name(source: str, contest: Contest, language: Language) -> str:
    """Returns the name people use for a source."""
    kind, _, id = source.partition(":")
    if kind == "round":
        return next(called(round_, language) for round_ in contest.rounds if round_.id == id)
    if kind == "metric":
        return next(called(metric, language) for metric in contest.metrics if metric.id == id)
    return _SOURCES[language][kind]
