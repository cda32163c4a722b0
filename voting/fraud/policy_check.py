"""The sweep part of a policy, checked whole before anything is swept: every fault with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple, get_args

import msgspec
import numpy as np

from voting.domain.contest.toml_schema import Path, dotted, line_of, meant, shown
from voting.errors import Fault, FileInvalid
from voting.fraud.features.column_index import Part, Survey
from voting.fraud.features.features import QUICK, THOROUGH, features
from voting.fraud.features.frame import frame
from voting.fraud.features.history import NOTHING
from voting.fraud.features.preprocess import prepare
from voting.fraud.model.clusters import clusters
from voting.fraud.policy import Policy
from voting.fraud.sweep import SweepPolicy, second_pass

_HERE: Path = ("sweep",)
_MOST = 1_000_000_000
# Of the log-odds: what is added up is cut there (weighing.py).
_MOST_ODDS = 30


class _Wrong(NamedTuple):
    """What is wrong at a path, and how to mend it. `word`: a text that stands there, for its line."""

    path: Path
    what: str
    mend: str
    word: str = ""


def sweep_rules(policy: Policy) -> SweepPolicy:
    """The part of a policy that sweeps go by. Raises FileInvalid with every fault and its line."""
    wrong = [*_out_of_reach(policy.sweep, _HERE)] or [*_in_table(policy.sweep, SweepPolicy, _HERE)]
    if wrong := wrong or [*_in_looks(policy.sweep)]:
        raise _invalid(policy, wrong)
    try:
        return msgspec.convert(policy.sweep, SweepPolicy)
    except msgspec.ValidationError as error:
        # What a look's trees say of themselves.
        what, path = _told(error)
        raise _invalid(policy, [_Wrong((*_HERE, *path, "trees"), what, "ask fewer questions")]) from None


def _out_of_reach(value: object, path: Path) -> Iterator[_Wrong]:
    """Infinite numbers, what is none, and those so large that sums of them were infinite."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in inside:
        yield from _out_of_reach(each, (*path, key))
    if isinstance(value, int | float) and not abs(value) <= _MOST:
        yield _Wrong(path, f"{shown(value)} does not fit", f"write a number from -{_MOST} to {_MOST}")


def _in_table(table: Mapping[str, Any], kind: type[msgspec.Struct], path: Path) -> Iterator[_Wrong]:
    known = {each.name: each for each in msgspec.structs.fields(kind)}
    for name in table.keys() - known.keys():
        yield _Wrong((*path, name), "is not a known key", meant(name, list(known)))
    for name, item in known.items():
        if name in table:
            yield from _in_value(table[name], item.type, (*path, name))
        elif item.required:
            yield _Wrong((*path, name), "is missing", "add it; the packaged policy shows how")


def _in_value(value: Any, kind: Any, path: Path) -> Iterator[_Wrong]:
    table = next((each for each in (kind, *get_args(kind)) if _is_table(each)), None)
    if table and isinstance(value, dict):
        yield from _in_table(value, table, path)
    elif table:
        yield _Wrong(path, "must be a table", f"write it as [{dotted(path)}] with its keys below")
    else:
        try:
            msgspec.convert(value, kind)
        except msgspec.ValidationError as error:
            what, within = _told(error)
            for step in within:
                value = value[step]
            # "Expected `int` >= 1", "Expected `float`, got `str`"
            mend = what.replace("Expected", "write", 1).partition(", got")[0]
            yield _Wrong((*path, *within), f"{shown(value)} does not fit", mend)


def _is_table(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _told(error: msgspec.ValidationError) -> tuple[str, Path]:
    """What msgspec says, and where: "... - at `$.first.trees[3]`"."""
    what, _, place = str(error).partition(" - at `$")
    return what, tuple(int(number) if number else name for name, number in re.findall(r"\.(\w+)|\[(\d+)\]", place))


def _in_looks(sweep: Mapping[str, Any]) -> Iterator[_Wrong]:
    """Log-odds out of reach, and features that a look does not see: they would silently be 0 for every ballot."""
    for look, seen in _seen().items():
        if look not in sweep:
            continue
        path, bias = (*_HERE, look), sweep[look]["bias"]
        if abs(bias) > _MOST_ODDS:
            yield _Wrong((*path, "bias"), f"{bias} does not fit", f"write log-odds from -{_MOST_ODDS} to {_MOST_ODDS}")
        for name in sorted(set(_asked(sweep[look]["trees"])) - seen):
            nearest = get_close_matches(name, seen, 1, 0)[0]
            mend = f"the nearest that it sees is {nearest!r}"
            yield _Wrong((*path, "trees"), f"{name!r} is no feature that this look sees", mend, name)


def _asked(trees: Iterable[Any]) -> Iterator[str]:
    for each in trees:
        if isinstance(each, str):
            yield each
        elif isinstance(each, list):
            yield from _asked(each)


@cache
def _seen() -> Mapping[str, frozenset[str]]:
    """By look the features that it sees: of no ballots at all they have the same names. Only rounds see a past."""
    none = np.zeros(0)
    days, hours = Survey(prepare(frame([]))), Survey(prepare(frame([]), NOTHING))
    return {
        "quick_first": _names(features(hours, none, QUICK)),
        "quick_second": _names(second_pass(hours, none, QUICK)),
        "first": _names(features(days, none, THOROUGH)),
        "second": _names(second_pass(days, none, THOROUGH)),
        "clusters": frozenset(clusters(days, none, none).columns),
    }


def _names(parts: Iterable[Part]) -> frozenset[str]:
    return frozenset(name for part in parts for name in part.columns)


def _invalid(policy: Policy, wrong: Iterable[_Wrong]) -> FileInvalid:
    faults = (Fault(_line(policy.text, each), dotted(each.path), each.what, each.mend) for each in wrong)
    return FileInvalid(policy.name, tuple(sorted(faults, key=lambda fault: fault.line)))


def _line(text: str, wrong: _Wrong) -> int:
    """The line of the key, or from there on the first that has the word in quotes."""
    line = line_of(text, *wrong.path)
    words = {f'"{wrong.word}"', f"'{wrong.word}'"} if wrong.word else set()
    rest = enumerate(text.splitlines()[line - 1 :], line) if line else ()
    return next((number for number, each in rest if any(word in each for word in words)), line)
