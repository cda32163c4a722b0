"""Number formats: a workbook's number as the text that its cell shows."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal

from voting.domain.roster.sheet import Held
from voting.errors import say

# The built-in formats by number; 27 to 36 and 50 to 58 are those of a Chinese Excel or WPS.
BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%",
    14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 27: "yyyy年m月", 28: "m月d日", 29: "m月d日", 30: "m-d-yy",
    31: "yyyy年m月d日", 32: "h时mm分", 33: "h时mm分ss秒", 34: "上午/下午h时mm分", 35: "上午/下午h时mm分ss秒",
    36: "yyyy年m月", 37: "#,##0_);(#,##0)", 38: "#,##0_);[Red](#,##0)", 39: "#,##0.00_);(#,##0.00)",
    40: "#,##0.00_);[Red](#,##0.00)", 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 49: "@", 50: "yyyy年m月",
    41: '_ * #,##0_ ;_ * -#,##0_ ;_ * "-"_ ;_ @_ ', 43: '_ * #,##0.00_ ;_ * -#,##0.00_ ;_ * "-"??_ ;_ @_ ',
    51: "m月d日", 52: "yyyy年m月", 53: "m月d日", 54: "m月d日", 55: "上午/下午h时mm分", 56: "上午/下午h时mm分ss秒",
    57: "yyyy年m月", 58: "m月d日",
}  # fmt: skip
_MOST_DIGITS = 15
# For numbers above, below and equal to 0, and for text.
_SECTIONS = 4
_DAYS_OF_ALL_YEARS = 2_950_000
_PART = re.compile(
    r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<pad>[_*].)|\[(?P<bracket>[^\]]*)\]|(?P<general>General)'
    r"|(?P<noon>AM/PM|A/P|上午/下午)|(?P<date>y+|m+|d+|h+|s+(?:\.0+)?|a{3,4})|(?P<digit>[0#?])|(?P<mark>[.,%])"
    r"|(?P<unknown>[eEbBgG/@])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_WEEK = "一二三四五六日"

Part = tuple[str, str]
"""The kind and text of a format's part."""


class Unshowable(ValueError):
    """The text shown for a number is not known; the message gives the reason."""


def shown_number(written: str, shape: str, *, since_1904: bool = False) -> tuple[str, Held | None]:
    """Returns the text of a number in a format, and its stored value if that differs. Raises Unshowable."""
    value = _value(written)
    parts, sign = _section(shape, value)
    kinds = {kind for kind, _ in parts}
    if kinds & {"date", "elapsed"}:
        parts = [("literal", text) if text == "/" else (kind, text) for kind, text in parts]
        kinds = {kind for kind, _ in parts}
    if "unknown" in kinds or ("date" in kinds and "digit" in kinds):
        raise Unshowable(say("is shown by the number format {}", shape))
    if kinds & {"date", "noon", "elapsed"}:
        return _date(value, parts, shape, since_1904)
    plain = _plain(value)
    text = sign + _number(abs(value), parts, shape)
    return text, None if text == plain else Held(plain)


def shown_text(text: str, shape: str) -> str:
    """Returns text with what a format with a place for text (@) adds.

    Raises Unshowable if it hides text, as ;;; does.
    """
    sections = shape.split(";")
    section = sections[-1]
    if len(sections) == _SECTIONS and not section.strip():
        raise Unshowable(say("is hidden by the number format {}", shape))
    if "@" not in section or section == "@":
        return text
    parts = [(match.lastgroup or "", match[match.lastgroup or 0]) for match in _PART.finditer(section)]
    return "".join(text if part == "@" else "" if kind in ("pad", "bracket") else part for kind, part in parts).strip()


def _value(written: str) -> Decimal:
    """Returns the number to the 15 digits that spreadsheets keep."""
    value = float(written)
    if not abs(value) < 10**_MOST_DIGITS:
        raise Unshowable(say("holds a number of more than {} digits, of which the last are lost", _MOST_DIGITS))
    exact = Decimal(f"{value:.{_MOST_DIGITS}g}")
    if exact and abs(exact) < Decimal(10) ** -_MOST_DIGITS:
        raise Unshowable(say("holds a number that is nearly 0"))
    return exact


def _plain(value: Decimal) -> str:
    """Returns the number without an exponent and trailing zeros."""
    text = f"{value:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _section(shape: str, value: Decimal) -> tuple[list[Part], str]:
    """Returns the section for a value (positive;negative;zero;text) as parts, and the sign before it."""
    sections: list[list[Part]] = [[]]
    for match in _PART.finditer(shape):
        kind = match.lastgroup or ""
        text = match[kind]
        if kind == "other" and text == ";":
            sections.append([])
        elif kind == "bracket":
            sections[-1] += _bracket(text, shape)
        elif kind != "pad":
            sections[-1].append(("literal" if kind in ("quoted", "escaped", "other") else kind, text))
    count = len(sections)
    if sections[0] == [("unknown", "@")]:
        return [("general", "")], "-" if value < 0 else ""
    if count > 1 and value < 0:
        return sections[1], ""
    if count > 2 and value == 0:
        return sections[2], ""
    return sections[0], "-" if value < 0 else ""


def _bracket(text: str, shape: str) -> list[Part]:
    """Parses [h] (elapsed hours), [$¥-804] (sign and locale) and [Red] (colour); refuses conditions and [DBNum1]."""
    if re.fullmatch(r"h+|m+|s+", text, re.IGNORECASE):
        return [("elapsed", text.lower())]
    if text.startswith("$"):
        return [("literal", text[1:].partition("-")[0])]
    if re.fullmatch(r"Black|Blue|Cyan|Green|Magenta|Red|White|Yellow|Color ?[0-9]+", text, re.IGNORECASE):
        return []
    raise Unshowable(say("is shown by the number format {}", shape))


def _number(value: Decimal, parts: list[Part], shape: str) -> str:
    if any(kind == "general" for kind, _ in parts):
        return "".join(_plain(value) if kind == "general" else text for kind, text in parts).strip()
    if not any(kind == "digit" for kind, _ in parts):
        return "".join(text for _, text in parts).strip()
    point = next((place for place, part in enumerate(parts) if part == ("mark", ".")), len(parts))
    before, after = parts[:point], parts[point + 1 :]
    last = max((place for place, (kind, _) in enumerate(before) if kind == "digit"), default=-1)
    if ("mark", ",") in before[last + 1 :] + after:
        # A comma after the digits divides by a thousand.
        raise Unshowable(say("is shown by the number format {}", shape))
    percents = parts.count(("mark", "%"))
    places = sum(kind == "digit" for kind, _ in after)
    rounded = (value * 100**percents).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)
    whole, _, fraction = f"{rounded:f}".partition(".")
    text = _whole("" if whole == "0" else whole, before)
    return (text + ("." if point < len(parts) else "") + _fraction(fraction, after)).strip()


def _whole(digits: str, parts: list[Part]) -> str:
    """Fills digits into their places from the right; the first place takes the rest, and text in between stays."""
    places = [place for place, (kind, _) in enumerate(parts) if kind == "digit"]
    grouped, shown, count = ("mark", ",") in parts, "", 0
    for place in range(len(parts) - 1, -1, -1):
        kind, text = parts[place]
        if kind != "digit":
            shown = ("" if (kind, text) == ("mark", ",") else text) + shown
            continue
        taken = digits if place == places[0] else digits[-1:]
        digits = digits[: len(digits) - len(taken)]
        for digit in reversed(taken or {"0": "0", "?": " "}.get(text, "")):
            shown = digit + ("," if grouped and count and count % 3 == 0 else "") + shown
            count += 1
    return shown


def _fraction(digits: str, parts: list[Part]) -> str:
    """Puts each digit at its place; # drops zeros at the end."""
    shown = ""
    for kind, text in parts:
        if kind != "digit":
            shown += text
            continue
        digit, digits = digits[:1], digits[1:]
        if text == "0" or digit.strip("0") or digits.strip("0"):
            shown += digit
    return shown


def _date(value: Decimal, parts: list[Part], shape: str, since_1904: bool) -> tuple[str, Held]:
    letters = {text[0].lower() for kind, text in parts if kind == "date"}
    if value < 0:
        raise Unshowable(say("is a date or time below zero"))
    if value >= _DAYS_OF_ALL_YEARS:
        raise Unshowable(say("is a date behind the year 9999"))
    shown_places = max((len(text.partition(".")[2]) for kind, text in parts if kind == "date"), default=0)
    length = timedelta(microseconds=round(round(value * 86_400_000_000), shown_places - 6))
    if since_1904:
        moment = datetime(1904, 1, 1) + length  # noqa: DTZ001 (a cell has no zone)
    else:
        if value < 61 and (letters & {"y", "d", "a"} or letters == {"m"}):
            raise Unshowable(say("is a day before 1900-03-01, which programs count differently"))
        moment = datetime(1899, 12, 30 if value >= 61 else 31) + length  # noqa: DTZ001
    in_digits = not any(kind == "literal" and text.strip("-/. :T,") for kind, text in parts)
    if letters >= {"y", "m", "d"} and in_digits and not any(len(text) > 2 and text[0] in "mMdD" for _, text in parts):
        # The order of such a date depends on the machine.
        clock = moment.isoformat(" ", "seconds")
        text = clock if "h" in letters else clock[:10]
        return text, Held(text, is_date=True)
    text = "".join(_date_part(place, parts, moment, length) for place in range(len(parts))).strip()
    held = moment.isoformat(" ", "seconds").removesuffix(" 00:00:00") if letters & {"y", "d"} else str(length)
    return text, Held(held, is_date=True)


def _date_part(place: int, parts: list[Part], moment: datetime, length: timedelta) -> str:
    kind, text = parts[place]
    seconds = int(length.total_seconds())
    if kind == "elapsed":
        return f"{seconds // {'h': 3600, 'm': 60, 's': 1}[text[0]]:0{len(text)}d}"
    if kind == "noon":
        first, second = text.split("/")
        return first if moment.hour < 12 else second
    if kind != "date":
        return text
    letter, width = text[0].lower(), len(text.partition(".")[0])
    if letter == "m" and width < 3 and _is_minute(place, parts):
        return f"{moment.minute:0{width}d}"
    if letter == "h":
        noon = any(kind == "noon" for kind, _ in parts)
        return f"{(moment.hour + 11) % 12 + 1 if noon else moment.hour:0{width}d}"
    if letter == "s":
        rest = f"{moment.microsecond:06d}"[: len(text) - width - 1] if "." in text else ""
        return f"{moment.second:0{width}d}" + (f".{rest}" if rest else "")
    return _day_part(letter, width, moment)


def _day_part(letter: str, width: int, moment: datetime) -> str:
    if letter == "y":
        return f"{moment.year:04d}" if width > 2 else f"{moment.year % 100:02d}"
    if letter == "a":
        return ("星期" if width > 3 else "") + _WEEK[moment.weekday()]
    number, name = (moment.month, _MONTHS[moment.month - 1]) if letter == "m" else (moment.day, _DAYS[moment.weekday()])
    if width < 3:
        return f"{number:0{width}d}"
    return name[:3] if width == 3 else name[:1] if width == 5 else name


def _is_minute(place: int, parts: list[Part]) -> bool:
    """After hours or before seconds, m means minutes."""
    others = [text[0].lower() if kind in ("date", "elapsed") else "" for kind, text in parts]
    before = next((letter for letter in reversed(others[:place]) if letter), "")
    after = next((letter for letter in others[place + 1 :] if letter), "")
    return before == "h" or after == "s"
