"""Entries: what is voted for, and how a voter finds one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Sort = Literal["code", "title", "picks"]
PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry. `category` is a category's id; `cover` the picture's SHA-256 in hex with its suffix, or empty.

    `recommender` is who sent it in, by the way of nomination with the id `nomination`; `tags` are the ids of further
    categories that it touches, in which it does not compete.
    """

    code: str
    title: str
    author: str
    category: str
    summary: str = ""
    cover: str = ""
    video: str = ""
    recommender: str = ""
    nomination: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a search, counted from 1."""

    entries: tuple[Entry, ...]
    page: int
    pages: int
    total: int


def find(
    entries: Iterable[Entry],
    *,
    category: str = "",
    text: str = "",
    sort: Sort = "code",
    page: int = 1,
    picks: Mapping[str, int] | None = None,
) -> Page:
    """The entries of a category whose code, title and author hold each word of `text`, whatever its width, case and
    blanks; by picks only where `picks` may be shown."""
    words = [_folded(word) for word in text.split()]
    found = [entry for entry in entries if category in ("", entry.category) and _holds(entry, words)]
    found.sort(key=lambda entry: _order(entry, sort, picks or {}))
    pages = max(1, -(-len(found) // PAGE_SIZE))
    page = min(max(1, page), pages)
    return Page(tuple(found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]), page, pages, len(found))


def _holds(entry: Entry, words: list[str]) -> bool:
    text = "\n".join(map(_folded, (entry.code, entry.title, entry.author))) if words else ""
    return all(word in text for word in words)


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _order(entry: Entry, sort: Sort, picks: Mapping[str, int]) -> tuple[int, str, str]:
    return (-picks.get(entry.code, 0) if sort == "picks" else 0, entry.title if sort == "title" else "", entry.code)
