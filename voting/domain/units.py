"""Parses numbers and measures in tables: durations, sizes in pixels and megabytes, ratios, containers."""

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
# Other common names of the same container.
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
    """Returns the text in half width and lower case: １９２０×１０８０ is 1920×1080, but 10² is not 102."""
    return text.translate(_NARROW).strip().lower()


def number(text: str) -> Fraction | None:
    """Returns `87`, `87.5` or `-1` exactly; None for other text."""
    written = plain(text)
    return Fraction(written) if _NUMBER.fullmatch(written) else None


def thousands(text: str) -> int | None:
    """Returns `12.000`, `1,234` or `1 234 567` as a whole number in groups of three digits; None for other text."""
    written = " ".join(plain(text).split())
    return int(re.sub("[^0-9]", "", written)) if _THOUSANDS.fullmatch(written) else None


def pixels(text: str) -> tuple[int, int] | None:
    """Returns `1920x1080` as width and height; None for other text."""
    match = _PIXELS.fullmatch(plain(text))
    return (int(match[1]), int(match[2])) if match else None


def lines(text: str) -> int | None:
    """Returns `1080P` as a number; None for other text."""
    match = _LINES.fullmatch(plain(text))
    return int(match[1]) if match else None


def ratio(text: str) -> Fraction | None:
    """Returns `16:9` as a number; None for other text."""
    match = _RATIO.fullmatch(plain(text))
    return Fraction(int(match[1]), int(match[2])) if match else None


def has_ratio(size: tuple[int, int], wanted: Fraction) -> bool:
    """Whether a size in pixels has the ratio, within 1 %."""
    return abs(Fraction(*size) / wanted - 1) <= _TOLERANCE


def seconds(text: str) -> int | None:
    """Returns `05:30`, `1:05:30` or `330` in seconds; None for other text."""
    written = plain(text)
    if _SECONDS.fullmatch(written):
        return int(written)
    match = _CLOCK.fullmatch(written)
    if match is None or (match[1] and int(match[2]) > 59):
        return None
    return int(match[1] or 0) * 3600 + int(match[2]) * 60 + int(match[3])


def megabytes(text: str) -> tuple[Fraction, Fraction] | None:
    """Returns `12.5` with the unit of its last place (0.1); None for other text."""
    match = _MEGABYTES.fullmatch(plain(text))
    return (Fraction(match[0]), Fraction(1, 10 ** len(match[1] or ""))) if match else None


def container(text: str) -> str:
    """Returns one name for all names of a container: `MP4`, `.mp4` and `m4v` are mp4."""
    name = plain(text).removeprefix(".")
    return _CONTAINERS.get(name, name)
