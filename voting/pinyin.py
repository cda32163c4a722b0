"""The pinyin initials of Chinese text, by which entries are found: the only module that imports pypinyin."""

from __future__ import annotations


def initials(text: str) -> str:
    """Returns the first letter of each character's pinyin, read in its word; other text stays as it is."""
    # Its tables take 40 MB and half a second: only commands that import a roster pay for them.
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))
