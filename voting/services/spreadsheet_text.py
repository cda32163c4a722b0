"""A spreadsheet's cell as the text that a person sees in it."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from typing import Any

_ZEROS = re.compile(r"0{2,20}")
_PERCENT = re.compile(r"0(?:\.(0+))?%")


def cell_text(cell: Any) -> str:
    """The text of an openpyxl cell with a value: numbers without .0, dates ISO, 5:30 as 5:30."""
    value, shape = cell.value, cell.number_format or "General"
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return _number(value, shape)
    if isinstance(value, datetime):
        plain = value == datetime.combine(value.date(), time()) and "h" not in shape.lower()
        return value.date().isoformat() if plain else value.isoformat(" ", "seconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    return _clock(value, shape) if isinstance(value, timedelta) else str(value)


def _number(value: float, shape: str) -> str:
    """Excel shows 15 digits at most; a format of zeros fills up: 7 as 007."""
    if percent := _PERCENT.fullmatch(shape):
        return f"{value * 100:.{len(percent[1] or '')}f}%"
    text = str(value) if isinstance(value, int) else f"{value:.15g}"
    return text.zfill(len(shape)) if _ZEROS.fullmatch(shape) and text.isdecimal() else text


def _clock(value: timedelta, shape: str) -> str:
    """A typed 5:30 is stored as half past five and shown by its format; as it is shown it was meant."""
    seconds = round(value.total_seconds())
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    shape = re.sub(r'"[^"]*"', "", shape.lower())
    if "h" not in shape:
        return f"{seconds // 60:02d}:{rest:02d}"
    return f"{hours}:{minutes:02d}" + (f":{rest:02d}" if "s" in shape or rest else "")
