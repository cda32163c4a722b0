"""How tables write numbers and what can be measured: durations, sizes in pixels and megabytes, ratios, containers."""

from __future__ import annotations

import re
from fractions import Fraction

MEGABYTE = 1_000_000
_NARROW = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PIXELS = re.compile(r"([1-9][0-9]{1,4}) ?[x×*] ?([1-9][0-9]{1,4})")
_LINES = re.compile(r"([1-9][0-9]{2,4})p")
_RATIO = re.compile(r"([1-9][0-9]{0,4}):([1-9][0-9]{0,4})")
_CLOCK = re.compile(r"(?:([0-9]{1,3}):)?([0-9]{1,3}):([0-5][0-9])")
_SECONDS = re.compile(r"[0-9]{1,7}")
# A database keeps 28 digits exactly.
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,15})?")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:[.][0-9]{3})+|[1-9][0-9]{0,2}(?:[,'’ ][0-9]{3})+")
_MEGABYTES = re.compile(r"[0-9]{1,9}(?:\.([0-9]{1,6}))?")
# 1366x768 and the like count as 16:9.
_TOLERANCE = Fraction(1, 100)
# Other names that people write for the same container.
_CONTAINERS = {
    "3gpp": "3gp",
    "asf": "wmv",
    "m4v": "mp4",
    "matroska": "mkv",
    "mpeg": "mpg",
    "mpeg-4": "mp4",
    "mpeg4": "mp4",
    "mts": "m2ts",
    "quicktime": "mov",
    "rmvb": "rm",
}


def plain(text: str) -> str:
    """Without full width: １９２０×１０８０ and ５：３０ are what they look like; 10² is not 102."""
    return text.translate(_NARROW).strip().lower()


def number(text: str) -> Fraction | None:
    """`87`, `87.5` or `-1` exactly; None for what is not written so."""
    written = plain(text)
    return Fraction(written) if _NUMBER.fullmatch(written) else None


def thousands(text: str) -> int | None:
    """`12.000`, `1,234` or `1 234 567` as a whole number in groups of three digits; None for what is not written so."""
    written = " ".join(plain(text).split())
    return int(re.sub("[^0-9]", "", written)) if _THOUSANDS.fullmatch(written) else None


def pixels(text: str) -> tuple[int, int] | None:
    """`1920x1080` as width and height; None for what is not written so."""
    found = _PIXELS.fullmatch(plain(text))
    return (int(found[1]), int(found[2])) if found else None


def lines(text: str) -> int | None:
    """`1080P` as a number; None for what is not written so."""
    found = _LINES.fullmatch(plain(text))
    return int(found[1]) if found else None


def ratio(text: str) -> Fraction | None:
    """`16:9` as a number; None for what is not written so."""
    found = _RATIO.fullmatch(plain(text))
    return Fraction(int(found[1]), int(found[2])) if found else None


def has_ratio(size: tuple[int, int], wanted: Fraction) -> bool:
    """Whether a size in pixels has the ratio, near enough."""
    return abs(Fraction(*size) / wanted - 1) <= _TOLERANCE


def seconds(text: str) -> int | None:
    """`05:30`, `1:05:30` or `330` in seconds; None for what is not written so."""
    written = plain(text)
    if _SECONDS.fullmatch(written):
        return int(written)
    found = _CLOCK.fullmatch(written)
    if found is None or (found[1] and int(found[2]) > 59):
        return None
    return int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])


def megabytes(text: str) -> tuple[Fraction, Fraction] | None:
    """`12.5` and the unit of its last place (0.1); None for what is not written so."""
    found = _MEGABYTES.fullmatch(plain(text))
    return (Fraction(found[0]), Fraction(1, 10 ** len(found[1] or ""))) if found else None


def container(text: str) -> str:
    """One name for a container's names: `MP4`, `.mp4` and `m4v` are mp4."""
    name = plain(text).removeprefix(".")
    return _CONTAINERS.get(name, name)
