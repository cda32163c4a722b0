"""Quotas of recommenders: the contest's [[nomination]] tables, checked over all rows of a roster.

Document 004: at most 10 for a province, 1 more for a county's team, 1 for a maker. Document 003: 2 to 3 in each
category, in order of recommendation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import Nomination
from voting.domain.names import Known, alike, shown
from voting.domain.roster.row import Candidate, nomination_ids
from voting.errors import Fault, say


def nomination_faults(contest: Contest, candidates: Sequence[Candidate]) -> Iterator[Fault]:
    """Yields every fault: a surplus at each row beyond the quota, a shortage at the recommender's first row."""
    if not contest.nominations:
        return
    for candidate in candidates:
        yield from _row_faults(contest, candidate)
    for rule in contest.nominations:
        by_category = rule.per == "recommender_category"
        groups: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        for candidate in candidates:
            recommender = alike(candidate.cells.get("recommender", ""))
            if candidate.nomination == rule.id and recommender and (candidate.category or not by_category):
                groups[recommender, candidate.category if by_category else ""].append(candidate)
        for group in groups.values():
            yield from _surplus(rule, group, len(candidates))
            if len(group) < rule.least:
                mend = say("at least {}; add {}, or send none", rule.least, rule.least - len(group))
                yield Fault(group[0].line, "recommender", _sends(rule, group), mend)
            yield from _order(group) if rule.ranked else ()


def _row_faults(contest: Contest, candidate: Candidate) -> Iterator[Fault]:
    if not candidate.cells.get("recommender"):
        mend = say("name who recommends the entry; where that is its maker, the maker")
        yield Fault(candidate.line, "recommender", say("is empty"), mend)
    if candidate.nomination:
        return
    ways, written = nomination_ids(contest), candidate.cells.get("nomination", "")
    meant = Known(ways, say("one of: {}", ", ".join(nomination.id for nomination in contest.nominations))).mend(written)
    what = say("{} is not a way of nomination of this contest", shown(written)) if written else say("is empty")
    yield Fault(candidate.line, "nomination", what, meant)


def _surplus(rule: Nomination, group: list[Candidate], total: int) -> Iterator[Fault]:
    if rule.most_percent is not None:
        allowed = total * rule.most_percent // 100
        limit = say("at most {} percent of the roster's {} entries, which is {}", rule.most_percent, total, allowed)
    elif rule.most is not None:
        allowed, limit = rule.most, say("at most {}", rule.most)
    else:
        return
    for candidate in group[allowed:]:
        yield Fault(
            candidate.line, "recommender", _sends(rule, group), say("{}; take {} out", limit, len(group) - allowed)
        )


def _sends(rule: Nomination, group: list[Candidate]) -> str:
    cells = group[0].cells
    if rule.per == "recommender_category":
        return say(
            "{} sends in {} by {} in category {}", shown(cells["recommender"]), len(group), rule.id, cells["category"]
        )
    return say("{} sends in {} by {}", shown(cells["recommender"]), len(group), rule.id)


def _order(group: list[Candidate]) -> Iterator[Fault]:
    """Yields faults of the recommendation order; n different numbers from 1 to n leave no gap."""
    seen: dict[int, int] = {}
    mend = say("number this recommender's entries from 1 to {}", len(group))
    for candidate in group:
        text = candidate.cells.get("order", "")
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
        if not 1 <= number <= len(group):
            what = (
                say("{} leaves a gap", shown(text))
                if number
                else say("{} is not a place", shown(text))
                if text
                else say("is empty")
            )
            yield Fault(candidate.line, "order", what, mend)
        elif number in seen:
            yield Fault(candidate.line, "order", say("{} stands twice, first on line {}", number, seen[number]), mend)
        else:
            seen[number] = candidate.line
