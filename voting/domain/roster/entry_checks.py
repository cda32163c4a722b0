"""Checks every entry, column by column, against the contest's [[entry_check]] tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple

from voting.domain.contest.schema import EntryCheck
from voting.domain.names import Known, shown
from voting.domain.roster.row import Candidate
from voting.domain.units import container, has_ratio, lines, megabytes, number, pixels, plain, ratio, seconds
from voting.errors import Fault, say

# The organiser writes the patterns: a short cell bounds the cost of a slow one.
LONGEST_MATCHED = 255

Problem = tuple[str, str] | None
"""What is wrong and how to fix it."""


def entry_check_faults(checks: tuple[EntryCheck, ...], candidate: Candidate) -> Iterator[Fault]:
    """Yields the faults of one row; checks for other categories are skipped."""
    for check in checks:
        if not concerns(check, candidate):
            continue
        text = candidate.cells.get(check.column, "")
        if not text and check.needed:
            yield Fault(candidate.line, check.column, say("is empty"), say("fill it in"))
        elif text and (problem := _problem(check, text)):
            yield Fault(candidate.line, check.column, *problem)


def concerns(check: EntryCheck, candidate: Candidate) -> bool:
    """Whether the check applies to entries of this category."""
    return not check.categories or candidate.category in check.categories


class _Quantity(NamedTuple):
    """A kind whose cells hold a number: how it is read, what it is called, how to write it, and its unit."""

    read: Callable[[str], Fraction | int | None]
    name: str
    mend: str
    unit: str


_QUANTITIES: Mapping[str, _Quantity] = {
    "number": _Quantity(number, say("a number"), say("write it as 12 or 12.5"), ""),
    "resolution": _Quantity(
        lambda text: min(size) if (size := pixels(text)) else lines(text),
        say("a resolution"),
        say("write it as 1920x1080 or 1080P"),
        say(" on the shorter side"),
    ),
    "duration": _Quantity(
        seconds, say("a duration"), say("write it as 05:30, 1:05:30 or in seconds as 330"), say(" seconds")
    ),
    "size": _Quantity(
        lambda text: size[0] if (size := megabytes(text)) else None,
        say("a size"),
        say("write it in megabytes as 12 or 12.5"),
        " MB",
    ),
}


def _problem(check: EntryCheck, text: str) -> Problem:
    if check.kind == "filled":
        return None
    if check.kind == "text":
        return _bounds(check, len(text), say("{} with {} characters", shown(text), len(text)), say(" characters"))
    quantity = _QUANTITIES.get(check.kind)
    if quantity is None:
        return _KINDS[check.kind](check, text)
    value = quantity.read(text)
    if value is None:
        return say("{} is not {}", shown(text), quantity.name), quantity.mend
    return _bounds(check, value, shown(text), quantity.unit)


def _bounds(check: EntryCheck, value: Fraction | int, what: str, unit: str) -> Problem:
    if check.least is not None and check.most is not None:
        span = say("from {} to {}", check.least, check.most)
    else:
        span = say("at least {}", check.least) if check.most is None else say("at most {}", check.most)
    if check.least is not None and value < check.least:
        return say("{} is too little", what), say("{}{}", span, unit)
    if check.most is not None and value > check.most:
        return say("{} is too much", what), say("{}{}", span, unit)
    return None


def _one_of(check: EntryCheck, text: str) -> Problem:
    allowed = {value.casefold(): value for value in check.values}
    if text.casefold() in allowed:
        return None
    near = Known(check.values, "").mend(text)
    choices = say("one of: {}", ", ".join(check.values))
    return say("{} is not allowed", shown(text)), say("{} {}", near, choices) if near else choices


def _pattern(check: EntryCheck, text: str) -> Problem:
    if len(text) > LONGEST_MATCHED:
        return say("{} has {} characters", shown(text), len(text)), say("at most {}", LONGEST_MATCHED)
    if re.fullmatch(check.pattern, text):
        return None
    return (
        say("{} does not fit", shown(text)),
        say("write it as {}", check.form) if check.form else say("it must match {}", check.pattern),
    )


def _ratio(check: EntryCheck, text: str) -> Problem:
    size = pixels(text)
    if size is None and ratio(text) is None:
        return say("{} has no ratio", shown(text)), say(
            "write the size as 1920x1080, or the ratio: {}", ", ".join(check.values)
        )
    for value in check.values:
        wanted = ratio(value)
        near = size and wanted and has_ratio(size, wanted)
        if near or plain(text) == plain(value):
            return None
    return say("{} is another ratio", shown(text)), say("one of: {}", ", ".join(check.values))


def _container(check: EntryCheck, text: str) -> Problem:
    if container(text) in map(container, check.values):
        return None
    return _one_of(check, text)


_KINDS: Mapping[str, Callable[[EntryCheck, str], Problem]] = {
    "one_of": _one_of,
    "pattern": _pattern,
    "ratio": _ratio,
    "container": _container,
}
"""The kinds whose cells hold no quantity."""
