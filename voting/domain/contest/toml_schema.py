"""Reads a TOML document into frozen dataclasses and reports every fault with its line.

A field's `key(...)` declares its help and bounds once, for the reader, the near-miss hints and the generated reference.
"""

from __future__ import annotations

import json
import re
import tomllib
import types
from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from datetime import date, datetime, time
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from voting.errors import Fault, say
from voting.spelling import did_you_mean

T = TypeVar("T")
_LONGEST_SHOWN = 40
Path = tuple[str | int, ...]

# Whole numbers up to this are exact as floating-point numbers.
_MOST_WHOLE = 2**53
_NAMES: dict[type, str] = {
    str: say("text in quotes"),
    int: say("a whole number"),
    float: say("a number"),
    bool: say("true or false"),
    datetime: say("a date and time such as 2026-08-01T09:00:00+08:00"),
    time: say("a time such as 18:00:00"),
    date: say("a date such as 2026-08-01"),
}


def key(
    help: str,
    *,
    default: Any = MISSING,
    name: str = "",
    least: float | None = None,
    most: float | None = None,
    pattern: str = "",
) -> Any:
    """Declares a documented key.

    `least` and `most` bound a number or a text's length; `name` is the key if it differs.
    """
    bounds = {"help": help, "name": name, "least": least, "most": most, "pattern": pattern}
    return field(default=default, metadata=bounds)


def read(text: str, target: type[T], *, bounded: bool = True) -> tuple[T | None, tuple[Fault, ...]]:
    """Returns the document as `target`, or None and every fault. Bounds of keys are not checked without `bounded`."""
    try:
        table = tomllib.loads(text)
    except ValueError as error:
        position = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        where, column = (int(position[1]), f"column {position[2]}") if position else (0, "")
        what = re.sub(r" \(at .*\)$", "", str(error))
        # The library's sentences are a table's keys, as ours are.
        why = say(f"{what[0].lower()}{what[1:]}".replace("{", "{{").replace("}", "}}"))
        what = say("is not TOML: {}", why)
        return None, (Fault(where, column, what, say("correct the line; text needs quotes")),)
    except RecursionError:
        return None, (
            Fault(0, "", say("is not TOML: lists or tables are nested too deeply"), say("take brackets out")),
        )
    reader = _Reader(dict(_key_lines(text)), bounded)
    value = reader.table(table, target, ())
    return (None if reader.faults else value), tuple(sorted(reader.faults, key=lambda fault: fault.line))


def reference(target: type) -> str:
    """Returns every key of `target` as a Markdown table, with nested tables by name."""
    rows = ["| key | value | default | meaning |", "|---|---|---|---|", *_reference_rows(target, "")]
    return "\n".join(rows) + "\n"


def line_of(text: str, *path: str | int) -> int:
    """Returns the line (from 1) of `path` or of its nearest table; 0 if there is none."""
    return _Reader(dict(_key_lines(text))).line(path)


def dotted(path: Path) -> str:
    """Returns `("category", 1, "name")` as `category[2].name`: people count from one."""
    text = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


def shown(value: Any) -> str:
    """Returns a value as a fault shows it, cut to a bounded length."""
    try:
        text = repr(value) if isinstance(value, str) else str(value)
    except ValueError:
        return say("a number with thousands of digits")
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:39]}…"


def meant(name: str, known: Collection[str]) -> str:
    """Returns how to fix a name that is not among the known ones."""
    return did_you_mean(name, known, "`{}`".format) or say("known here: {}", ", ".join(known))


@dataclass(slots=True)
class _Reader:
    lines: Mapping[Path, int]
    bounded: bool = True
    faults: list[Fault] = field(default_factory=list)

    def line(self, path: Path) -> int:
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)

    def fault(self, path: Path, what: str, mend: str) -> None:
        self.faults.append(Fault(self.line(path), dotted(path), what, mend))

    def table(self, table: dict[str, Any], target: type[T], path: Path) -> T | None:
        known = {_key_name(item): item for item in fields(target)}  # type: ignore[arg-type]
        hints = get_type_hints(target)
        for name in table.keys() - known.keys():
            self.unknown(name, list(known), path)
        before = len(self.faults)
        values = {
            item.name: self.value(table.get(name, MISSING), hints[item.name], item, (*path, name))
            for name, item in known.items()
            if name in table or self.needed(item, (*path, name))
        }
        return target(**values) if len(self.faults) == before else None

    def needed(self, item: Field[Any], path: Path) -> bool:
        if item.default is not MISSING or item.default_factory is not MISSING:
            return False
        self.fault(path, say("is missing"), say("add it: {}", item.metadata["help"]))
        return False

    def unknown(self, name: str, known: list[str], path: Path) -> None:
        self.fault((*path, name), say("is not a known key"), meant(name, known))

    def value(self, value: Any, hint: Any, item: Field[Any], path: Path) -> Any:
        hint = _without_none(hint)
        if get_origin(hint) is tuple:
            return self.array(value, get_args(hint)[0], item, path)
        if get_origin(hint) is Literal:
            return self.choice(value, get_args(hint), path)
        if is_dataclass(hint) or get_origin(hint) is dict:
            if isinstance(value, dict):
                # The caller reads plain dicts itself.
                return self.table(value, hint, path) if is_dataclass(hint) else value  # type: ignore[arg-type]
            return self.fault(path, say("must be a table"), say("write it as [{}] with its keys below", dotted(path)))
        return self.scalar(value, hint, item, path)

    def array(self, value: Any, hint: Any, item: Field[Any], path: Path) -> Any:
        if not isinstance(value, list):
            once = say("write [[{}]] once for each", dotted(path))
            return self.fault(
                path, say("must be a list"), once if is_dataclass(hint) else say("write {} = [...]", path[-1])
            )
        least = item.metadata["least"]
        if self.bounded and least is not None and len(value) < least:
            return self.fault(path, say("has {} items", len(value)), say("give at least {}", least))
        return tuple(self.value(entry, hint, item, (*path, index)) for index, entry in enumerate(value))

    def choice(self, value: Any, allowed: tuple[str, ...], path: Path) -> Any:
        if value in allowed:
            return value
        hint = did_you_mean(value, allowed) if isinstance(value, str) else ""
        choices = say("one of: {}", ", ".join(allowed))
        return self.fault(
            path, say("{} is not allowed", shown(value)), say("{} {}", hint, choices) if hint else choices
        )

    def scalar(self, value: Any, hint: Any, item: Field[Any], path: Path) -> Any:
        if hint is float and type(value) is int and abs(value) <= _MOST_WHOLE:
            value = float(value)
        if type(value) is not hint or value != value:
            return self.fault(path, say("{} does not fit", shown(value)), say("write {}", _NAMES[hint]))
        if self.bounded and (problem := _out_of_bounds(value, item.metadata)):
            return self.fault(path, *problem)
        return value


def _out_of_bounds(value: Any, bounds: Mapping[str, Any]) -> tuple[str, str] | None:
    size, unit = (len(value), say(" characters")) if isinstance(value, str) else (value, "")
    if bounds["least"] is not None and size < bounds["least"]:
        return say("{} is too small", shown(value)), say("at least {}{}", bounds["least"], unit)
    if bounds["most"] is not None and size > bounds["most"]:
        return say("{} is too large", shown(value)), say("at most {}{}", bounds["most"], unit)
    if bounds["pattern"] and not re.fullmatch(bounds["pattern"], value):
        return say("{} does not fit", shown(value)), say("it must match {}", bounds["pattern"])
    return None


def _key_lines(text: str) -> Iterator[tuple[Path, int]]:
    """Yields the line on which each table and key begins.

    It reads line by line, for messages only, never for values.
    """
    table: Path = ()
    counts: dict[Path, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if array := re.match(r"\s*\[\[\s*([\w.-]+)\s*\]\]", line):
            path = _indexed(array[1].split("."), counts, new=True)
            if path[-1] == 0:
                yield path[:-1], number
            table = path
            yield table, number
        elif header := re.match(r"\s*\[\s*([\w.-]+)\s*\]", line):
            table = _indexed(header[1].split("."), counts, new=False)
            yield table, number
        elif pair := re.match(r"\s*[\"']?([\w-]+)[\"']?\s*=", line):
            yield (*table, pair[1]), number


def _indexed(parts: list[str], counts: dict[Path, int], *, new: bool) -> Path:
    """Returns the path with the index of each list on the way; `new` begins the next item of the last one."""
    path: Path = ()
    for place, part in enumerate(parts):
        path = (*path, part)
        if new and place == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _key_name(item: Field[Any]) -> str:
    return str(item.metadata["name"] or item.name)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, types.UnionType):
        return next(part for part in get_args(hint) if part is not type(None))
    return hint


def _reference_rows(target: type, prefix: str) -> Iterator[str]:
    hints = get_type_hints(target)
    for item in fields(target):
        hint, name = _without_none(hints[item.name]), f"{prefix}{_key_name(item)}"
        if get_origin(hint) is tuple and is_dataclass(get_args(hint)[0]):
            yield f"| `[[{name}]]` | list of tables | | {item.metadata['help']} |"
            yield from _reference_rows(get_args(hint)[0], f"{name}.")
        elif get_origin(hint) is tuple:
            each = _reference_type(get_args(hint)[0])
            yield f"| `{name}` | list of: {each} | {_reference_default(item)} | {item.metadata['help']} |"
        elif is_dataclass(hint):
            yield f"| `[{name}]` | table | | {item.metadata['help']} |"
            yield from _reference_rows(hint, f"{name}.")  # type: ignore[arg-type]
        else:
            yield f"| `{name}` | {_reference_type(hint)} | {_reference_default(item)} | {item.metadata['help']} |"


def _reference_type(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(hint))
    return _NAMES[hint]


def _reference_default(item: Field[Any]) -> str:
    if item.default is MISSING:
        return "required"
    if item.default in (None, "", ()):
        return ""
    # A text is shown without its quotes: the column before says that it needs them.
    as_json = isinstance(item.default, bool | tuple)
    return f"`{json.dumps(item.default) if as_json else item.default}`"
