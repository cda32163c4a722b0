"""Notices of the host to voters (公告), each for a time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from voting.domain.language import Language


@dataclass(frozen=True, slots=True)
class Announcement:
    """A notice in plain text, shown in [starts_at, ends_at). `text_en` may be empty."""

    number: int
    text: str
    text_en: str
    starts_at: datetime
    ends_at: datetime

    def said(self, language: Language) -> str:
        """Returns the text for readers of the language."""
        return self.text if language == "zh" else self.text_en or self.text


def in_force(announcements: Iterable[Announcement], now: datetime) -> Announcement | None:
    """Returns the notice to show now: of several the one that began last."""
    current = (each for each in announcements if each.starts_at <= now < each.ends_at)
    return max(current, key=lambda each: (each.starts_at, each.number), default=None)
