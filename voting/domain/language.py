"""The languages that people are spoken to in."""

from __future__ import annotations

from typing import Literal, Protocol

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Named(Protocol):
    """What has a name in Chinese and perhaps one in English."""

    @property
    def name(self) -> str:
        """In Chinese."""

    @property
    def name_en(self) -> str:
        """In English, or empty."""


def called(one: Named, language: Language) -> str:
    """The name in a language; what has no English name keeps its Chinese one."""
    return one.name if language == "zh" else one.name_en or one.name
