"""Compares names of persons and things: which ones a reader takes for the same, and which one a misspelling means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import combinations
from typing import TypeVar

from voting.errors import Fault, say
from voting.spelling import did_you_mean

P = TypeVar("P")

# Comparing a name with each of very many is slow.
_MOST_COMPARED = 500
_NEAR = 0.5
# Characters that fonts draw alike and input methods mix.
_LOOKALIKES = str.maketrans(
    dict.fromkeys("•‧∙⋅・･●", "·")
    | dict.fromkeys("‐‑‒–—―−－", "-")
    | dict.fromkeys("“”„＂", '"')
    | dict.fromkeys("‘’‚`´＇", "'")
)
# Characters that number persons: names that differ in these are different on purpose.
_COUNTERS = frozenset("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ一二三四五六七八九十甲乙丙丁戊己庚辛壬癸")
_FEWEST_FOR_EXCHANGE = 3
_HAN = re.compile("[\u4e00-\u9fff]+")
TELL_APART = say("write it in the same way; where they are two, add a word that tells them apart, such as 张三（北京）")


@lru_cache(4096)
def alike(text: str) -> str:
    """Returns one form for all texts that a reader takes for the same.

    It ignores width （）/(), case, blanks, invisible characters and ways to compose a character.
    """
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(map(_drawn, unicodedata.normalize("NFKC", folded).translate(_LOOKALIKES)))


def near_equal(names: Iterable[tuple[P, str]]) -> Iterator[tuple[P, str, P, str]]:
    """Yields each name spelt differently from an earlier one: its place, the name, the earlier place and name."""
    first: dict[str, tuple[P, str]] = {}
    reported: set[str] = set()
    for place, name in names:
        before, earlier = first.setdefault(alike(name), (place, name))
        if name != earlier and name not in reported:
            reported.add(name)
            yield place, name, before, earlier


def near_equal_faults(column: str, names: Iterable[tuple[int, str]]) -> Iterator[Fault]:
    """Yields a fault for each pair of names, by line, that readers take for the same: they could be one or two."""
    for line, name, before, known in near_equal(names):
        what = say(
            "{} is nearly {} on line {}: they differ {}", shown(name), shown(known), before, difference(name, known)
        )
        yield Fault(line, column, what, TELL_APART)


def one_apart(names: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yields pairs of names that differ by one added or replaced character; nothing if there are very many names."""
    distinct = [*dict.fromkeys(names)]
    return (
        (pair for pair in combinations(distinct, 2) if _is_slip(*pair)) if len(distinct) <= _MOST_COMPARED else iter(())
    )


def _is_slip(name: str, other: str) -> bool:
    short, long = sorted((name, other), key=len)
    start = next((place for place, pair in enumerate(zip(short, long, strict=False)) if len({*pair}) > 1), len(short))
    if len(short) == len(long):
        same = short[start + 1 :] == long[start + 1 :] and len(short) >= _FEWEST_FOR_EXCHANGE
        # 王老师 and 李老师 have two surnames.
        if start == 0 and _HAN.fullmatch(short[0] + long[0]):
            return False
        return same and not {short[start], long[start]} <= _COUNTERS
    # 评委1 and 评委10 are numbers; 王教授 and 王教授1 are a slip.
    beside = short[max(0, start - 1) : start + 1]
    numbered = long[start].isdecimal() and any(character.isdecimal() for character in beside)
    return short[start:] == long[start + 1 :] and not numbered


def difference(name: str, other: str) -> str:
    """Returns what makes two alike names differ."""
    for same, words in _DIFFERENCES:
        if same(name) == same(other):
            return words
    return say("in more than one of width, case and blanks")


class Known:
    """The names that exist. `otherwise` is the advice for a name that is close to none of them."""

    def __init__(self, names: Iterable[str], otherwise: str) -> None:
        self._names = {name: None for name in names if name}
        self._alike: dict[str, str] = {}
        self._otherwise = otherwise

    def mend(self, text: str) -> str:
        """Returns which name was meant, if one is close."""
        if not self._alike:
            self._alike = {alike(name): name for name in self._names}
        if name := self._alike.get(alike(text)):
            return say("did you mean {}? They differ {}", repr(name), difference(text, name))
        compared = self._names if len(self._names) <= _MOST_COMPARED else ()
        return did_you_mean(text[:60], compared, alike=_NEAR) or self._otherwise


def shown(text: str) -> str:
    """Returns a cell's text as a fault shows it."""
    return repr(text if len(text) <= 40 else f"{text[:39]}…")


@lru_cache(4096)
def _drawn(character: str) -> str:
    """Returns the character, or nothing if it is blank or invisible."""
    kind = unicodedata.category(character)
    invisible = kind in ("Cf", "Cc") or "\ufe00" <= character <= "\ufe0f" or character == "\u034f"
    return "" if invisible or character.isspace() else character


def _without(what: str) -> Callable[[str], str]:
    kinds = {"blanks": ("Zs", "Zl", "Zp", "Cc"), "invisible": ("Cf",)}[what]
    return lambda text: "".join(character for character in text if unicodedata.category(character) not in kinds)


_DIFFERENCES: tuple[tuple[Callable[[str], str], str], ...] = (
    (lambda text: unicodedata.normalize("NFC", text), say("in how a character is composed (Unicode NFC and NFD)")),
    (_without("invisible"), say("by an invisible character, such as U+200B")),
    (_without("blanks"), say("by blanks")),
    (lambda text: unicodedata.normalize("NFKC", text), say("in the width or form of characters, such as （ and (")),
    (str.casefold, say("in upper and lower case")),
)
