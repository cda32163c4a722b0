"""Entries, and how a voter finds one."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter
from typing import Literal

Sort = Literal["code", "title", "picks"]
PAGE_SIZE = 20


@dataclass(frozen=True)
class Entry:
    """One entry. `category` is a category's id; `cover` is the picture's SHA-256 in hex with its suffix, or empty.

    `recommender` sent it in by the way of nomination with the id `nomination`. `tags` are the ids of further categories
    that it touches but does not compete in.
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

    @cached_property
    def searched(self) -> str:
        """What words are looked for in."""
        return "\n".join(map(_folded, (self.code, self.title, self.author)))


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
    initials: Mapping[str, str] | None = None,
) -> Page:
    """Returns the entries of a category whose code, title and author contain each word of `text`, ignoring width, case
    and blanks; or whose pinyin initials do, by code.

    Sorting by picks needs `picks`.
    """
    matches = [entry for entry in entries if category in ("", entry.category)]
    found_by = initials or {}
    for word in map(_folded, text.split()):
        matches = [each for each in matches if word in each.searched or word in found_by.get(each.code, "")]
    # Sorts are stable: equals stay in the order of their codes.
    matches.sort(key=attrgetter("code"))
    if sort == "title":
        matches.sort(key=attrgetter("title"))
    elif sort == "picks":
        counts = picks or {}
        matches.sort(key=lambda entry: -counts.get(entry.code, 0))
    pages = max(1, -(-len(matches) // PAGE_SIZE))
    page = min(max(1, page), pages)
    return Page(tuple(matches[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]), page, pages, len(matches))


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())
