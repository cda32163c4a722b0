"""What the tables of a contest file name in each other: every name must be there, and make sense where it stands."""

from __future__ import annotations

from collections.abc import Iterator

from voting.domain.contest import Contest
from voting.domain.document import line_of
from voting.domain.roster_rules import roster_rule_faults
from voting.domain.tables import Award
from voting.errors import Fault


def reference_faults(contest: Contest, text: str) -> Iterator[Fault]:
    """Every fault, with its line in `text`."""
    yield from _unique(contest, text)
    yield from _points(contest, text)
    for path, what, mend in roster_rule_faults(contest):
        yield _fault(text, path, what, mend)
    for index, round_ in enumerate(contest.rounds):
        yield from _weights(contest, text, index, [criterion.weight for criterion in round_.criteria])
    for index, cut in enumerate(contest.cuts):
        for place, source in (("by", cut.by), *(("order", each) for each in cut.order)):
            yield from _source(contest, text, source, ("cut", index, place), allowed=("public", "votes"))
    for index, part in enumerate(contest.blend.parts if contest.blend else ()):
        yield from _source(contest, text, part.source, ("blend", "part", index, "source"), allowed=("public",))
    for index, award in enumerate(contest.awards):
        yield from _award(contest, text, index, award)


def _source(
    contest: Contest, text: str, source: str, path: tuple[str | int, ...], allowed: tuple[str, ...]
) -> Iterator[Fault]:
    kind, _, name = source.partition(":")
    known = {
        "round": [each.id for each in contest.rounds],
        "metric": [each.id for each in contest.metrics],
    }
    if kind in known:
        if name not in known[kind]:
            there = ", ".join(known[kind]) or "none"
            yield _fault(
                text, path, f"there is no {kind} {name!r}", f"write a [[{kind}]] with this id; there are: {there}"
            )
    elif kind not in allowed:
        yield _fault(text, path, f"{source!r} cannot decide here", f"use {', '.join(allowed)}, round:ID or metric:ID")


def _award(contest: Contest, text: str, index: int, award: Award) -> Iterator[Fault]:
    allowed = ("public", "votes", "final") if contest.blend else ("public", "votes")
    for place, source in (("by", award.by), *(("order", each) for each in award.order)):
        yield from _source(contest, text, source, ("award", index, place), allowed)
    if award.count is not None and award.percent is not None:
        yield _fault(text, ("award", index), "has a count and a percentage", "give one of them")
    earlier = [each.id for each in contest.awards[:index]]
    for other in award.excludes:
        if other not in earlier:
            there = ", ".join(earlier) or "none"
            yield _fault(
                text, ("award", index, "excludes"), f"{other!r} is not given before", f"earlier awards: {there}"
            )
    if award.among == "all" and award.by == "final":
        mend = 'write among = "finalists", or another `by`'
        yield _fault(text, ("award", index, "among"), "only those left have a final score", mend)


def _weights(contest: Contest, text: str, index: int, weights: list[int | None]) -> Iterator[Fault]:
    given = [weight for weight in weights if weight is not None]
    path = ("round", index, "id")
    if given and len(given) < len(weights):
        yield _fault(text, path, "some criteria have a weight and some have none", "give each one, or none")
    elif given and sum(given) != 100:
        yield _fault(text, path, f"the weights make {sum(given)} percent", "let them make 100")


def _points(contest: Contest, text: str) -> Iterator[Fault]:
    rule = contest.public_points
    if (rule.normaliser == "rank_step") != bool(rule.steps):
        yield _fault(
            text, ("public_points", "steps"), "belongs to rank_step, and only there", "such as [5, 4, 3, 2, 1]"
        )
    elif rule.steps and (list(rule.steps) != sorted(rule.steps, reverse=True) or rule.steps[0] != rule.points):
        yield _fault(text, ("public_points", "steps"), "must fall, from `points` on", f"begin with {rule.points}")
    if rule.scope == "finalists" and not contest.cuts:
        yield _fault(text, ("public_points", "scope"), "there are no finalists without a cut", 'write scope = "all"')


def _unique(contest: Contest, text: str) -> Iterator[Fault]:
    for table, ids in (
        ("round", [each.id for each in contest.rounds]),
        ("metric", [each.id for each in contest.metrics]),
        ("award", [each.id for each in contest.awards]),
    ):
        for index, id in enumerate(ids):
            if id in ids[:index]:
                yield _fault(text, (table, index, "id"), f"{id!r} stands twice", "give each one its own")


def _fault(text: str, path: tuple[str | int, ...], what: str, mend: str) -> Fault:
    place = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
    return Fault(line_of(text, *path), place, what, mend)
