"""The languages of pages, messages and explanations."""

from __future__ import annotations

from typing import Literal, Protocol

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")


class Named(Protocol):
    """Something with a name in Chinese and perhaps one in English."""

    @property
    def name(self) -> str:
        """The name in Chinese."""

    @property
    def name_en(self) -> str:
        """The name in English, or empty."""


def called(one: Named, language: Language) -> str:
    """Returns the name in a language; the Chinese name if there is no English one."""
    return one.name if language == "zh" else one.name_en or one.name
