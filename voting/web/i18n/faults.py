"""Faults of files in the language of a page."""

from __future__ import annotations

from voting.domain.language import Language
from voting.errors import Said
from voting.web.i18n import contest_faults, table_faults

_ZH = contest_faults.ZH | table_faults.ZH


def fault_text(text: str, language: Language) -> str:
    """Returns a fault's or a note's text; English where it has no other, as a library's message."""
    if language == "en" or not isinstance(text, Said):
        return text
    values = [fault_text(value, language) if isinstance(value, str) else value for value in text.values]
    return _ZH.get(text.template, text.template).format(*values)
