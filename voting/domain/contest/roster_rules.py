"""Checks that the contest's tables about rosters can be applied to a roster."""

from __future__ import annotations

import re
from collections.abc import Iterator

from voting.domain.contest.contest import Contest
from voting.domain.contest.schema import MEASURED_KINDS, OWN_COLUMNS, EntryCheck
from voting.domain.names import difference, near_equal
from voting.domain.units import ratio
from voting.errors import say

RuleFault = tuple[tuple[str | int, ...], str, str]
"""The path in the contest's file, what is wrong, and how to fix it."""

_BOUNDED = ("number", "text", "resolution", "duration", "size")


def roster_rule_faults(contest: Contest) -> Iterator[RuleFault]:
    """Yields every fault of [[entry_check]], `media`, [[nomination]] and [[unique]]."""
    categories = [category.id for category in contest.categories]
    for index, check in enumerate(contest.entry_checks):
        for place, what, mend in (*_given(check), *_check(check)):
            yield ("entry_check", index, place), what, mend
        yield from _unknown(check.categories, categories, ("entry_check", index, "categories"), "category")
    yield from _media(contest)
    for path, name, _, known in near_equal(_columns(contest)):
        yield (
            path,
            say("the column {} is nearly {}", repr(name), repr(known)),
            say("they differ {}: keep one spelling", difference(name, known)),
        )
    ids = [nomination.id for nomination in contest.nominations]
    for index, nomination in enumerate(contest.nominations):
        if nomination.id in ids[:index]:
            yield ("nomination", index, "id"), say("{} stands twice", repr(nomination.id)), say("give each one its own")
        if nomination.most is not None and nomination.most_percent is not None:
            yield (
                ("nomination", index),
                say("has a number and a percentage as its most"),
                say("give most or most_percent"),
            )
        if nomination.most is not None and nomination.least > nomination.most:
            what = say("{} is more than most = {}", nomination.least, nomination.most)
            yield ("nomination", index, "least"), what, say("raise `most`")
    for index, unique in enumerate(contest.uniques):
        yield from _unknown(unique.nominations, ids, ("unique", index, "nominations"), "nomination")


def _columns(contest: Contest) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yields the columns that every roster may have and those that the contest names, with their paths."""
    for name in (*OWN_COLUMNS, "recommender", "nomination", "order", "tags"):
        yield (), name
    yield from ((("entry_check", index, "column"), each.column) for index, each in enumerate(contest.entry_checks))
    yield from ((("unique", index, "column"), each.column) for index, each in enumerate(contest.uniques))
    yield from (
        (path, name) for path, name in ((("past_winners",), contest.past_winners), (("media",), contest.media)) if name
    )


def _media(contest: Contest) -> Iterator[RuleFault]:
    column = contest.media
    if column != column.strip():
        yield ("media",), say("{} has spaces around it", repr(column)), say("leave them out")
    if column in (*OWN_COLUMNS, "recommender", "nomination", "order"):
        what = say("{} is a column of the roster that holds something else", repr(column))
        yield ("media",), what, say('take a column for the names of the files, such as media = "file"')
    for index, check in enumerate(contest.entry_checks):
        if column and check.column == column and check.kind in MEASURED_KINDS:
            what = say("{} holds the names of the files, not a {}", repr(column), check.kind)
            yield ("entry_check", index, "column"), what, say("name the column that holds the {}", check.kind)


def _given(check: EntryCheck) -> Iterator[tuple[str, str, str]]:
    """Yields faults for keys that a kind of check needs, and for keys that have no effect on it."""
    bounds = check.least is not None or check.most is not None
    value = "mp4" if check.kind == "container" else "16:9"
    for place, given, kinds, mend in (
        ("least", bounds, _BOUNDED, say("least = 1, most = 100, or both")),
        ("values", bool(check.values), ("one_of", "ratio", "container"), say("such as {}", f'values = ["{value}"]')),
        ("pattern", bool(check.pattern), ("pattern",), say("such as {}", 'pattern = "[A-Z]+"')),
    ):
        name = say("least or most") if place == "least" else place
        if check.kind in kinds and not given:
            yield place, say("kind {} needs {}", repr(check.kind), name), mend
        elif given and check.kind not in kinds:
            yield (
                place,
                say("kind {} takes no {}", repr(check.kind), name),
                say("leave it out, or take kind {}", " or ".join(kinds)),
            )


def _check(check: EntryCheck) -> Iterator[tuple[str, str, str]]:
    if check.column != check.column.strip():
        yield "column", say("{} has spaces around it", repr(check.column)), say("leave them out")
    if check.least is not None and check.most is not None and check.least > check.most:
        yield "least", say("{} is more than most = {}", check.least, check.most), say("raise `most`")
    if check.kind == "filled" and not check.needed:
        yield "needed", say("nothing is checked so"), say("leave `needed` out, or take another kind")
    if check.kind == "ratio":
        for value in check.values:
            if ratio(value) is None:
                yield "values", say("{} is not a ratio", repr(value)), say("write it as 16:9")
    try:
        re.compile(check.pattern)
    except (re.error, OverflowError, RecursionError) as error:
        yield "pattern", say("is not a regular expression: {}", error), say("mend it, or take kind one_of")


def _unknown(names: tuple[str, ...], known: list[str], path: tuple[str | int, ...], kind: str) -> Iterator[RuleFault]:
    for name in names:
        if name not in known:
            yield (
                path,
                say("there is no {} {}", kind, repr(name)),
                say("there are: {}", ", ".join(known) or say("none")),
            )
