"""Checks every entry, column by column, against the contest's [[entry_check]] tables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from voting.domain.contest.schema import EntryCheck
from voting.domain.names import Known, shown
from voting.domain.roster.row import Candidate
from voting.domain.units import container, has_ratio, lines, megabytes, number, pixels, plain, ratio, seconds
from voting.errors import Fault

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
            yield Fault(candidate.line, check.column, "is empty", "fill it in")
        elif text and (problem := _KINDS[check.kind](check, text)):
            yield Fault(candidate.line, check.column, *problem)


def concerns(check: EntryCheck, candidate: Candidate) -> bool:
    """Whether the check applies to entries of this category."""
    return not check.categories or candidate.category in check.categories


def _number(check: EntryCheck, text: str) -> Problem:
    value = number(text)
    if value is None:
        return f"{shown(text)} is not a number", "write it as 12 or 12.5"
    return _bounds(check, value, text, "")


def _text(check: EntryCheck, text: str) -> Problem:
    return _bounds(check, Fraction(len(text)), f"{shown(text)} with {len(text)} characters", " characters", quote=False)


def _one_of(check: EntryCheck, text: str) -> Problem:
    allowed = {value.casefold(): value for value in check.values}
    if text.casefold() in allowed:
        return None
    near = Known(check.values, "").mend(text)
    return f"{shown(text)} is not allowed", f"{near} one of: {', '.join(check.values)}".strip()


def _pattern(check: EntryCheck, text: str) -> Problem:
    if len(text) > LONGEST_MATCHED:
        return f"{shown(text)} has {len(text)} characters", f"at most {LONGEST_MATCHED}"
    if re.fullmatch(check.pattern, text):
        return None
    return (
        f"{shown(text)} does not fit",
        f"write it as {check.form}" if check.form else f"it must match {check.pattern}",
    )


def _resolution(check: EntryCheck, text: str) -> Problem:
    size, shorter = pixels(text), lines(text)
    if size is not None:
        shorter = min(size)
    if shorter is None:
        return f"{shown(text)} is not a resolution", "write it as 1920x1080 or 1080P"
    return _bounds(check, Fraction(shorter), text, " on the shorter side")


def _ratio(check: EntryCheck, text: str) -> Problem:
    size = pixels(text)
    if size is None and ratio(text) is None:
        return f"{shown(text)} has no ratio", f"write the size as 1920x1080, or the ratio: {', '.join(check.values)}"
    for value in check.values:
        wanted = ratio(value)
        near = size and wanted and has_ratio(size, wanted)
        if near or plain(text) == plain(value):
            return None
    return f"{shown(text)} is another ratio", f"one of: {', '.join(check.values)}"


def _duration(check: EntryCheck, text: str) -> Problem:
    length = seconds(text)
    if length is None:
        return f"{shown(text)} is not a duration", "write it as 05:30, 1:05:30 or in seconds as 330"
    return _bounds(check, Fraction(length), text, " seconds")


def _container(check: EntryCheck, text: str) -> Problem:
    if container(text) in map(container, check.values):
        return None
    return _one_of(check, text)


def _size(check: EntryCheck, text: str) -> Problem:
    size = megabytes(text)
    if size is None:
        return f"{shown(text)} is not a size", "write it in megabytes as 12 or 12.5"
    return _bounds(check, size[0], text, " MB")


_KINDS: Mapping[str, Callable[[EntryCheck, str], Problem]] = {
    "filled": lambda _check, _text: None,
    "number": _number,
    "text": _text,
    "one_of": _one_of,
    "pattern": _pattern,
    "resolution": _resolution,
    "ratio": _ratio,
    "duration": _duration,
    "container": _container,
    "size": _size,
}


def _bounds(check: EntryCheck, value: Fraction, text: str, unit: str, *, quote: bool = True) -> Problem:
    what = shown(text) if quote else text
    if check.least is not None and value < check.least:
        return f"{what} is too little", f"{_span(check)}{unit}"
    if check.most is not None and value > check.most:
        return f"{what} is too much", f"{_span(check)}{unit}"
    return None


def _span(check: EntryCheck) -> str:
    if check.least is not None and check.most is not None:
        return f"from {check.least} to {check.most}"
    return f"at least {check.least}" if check.most is None else f"at most {check.most}"
