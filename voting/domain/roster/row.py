"""Candidates: the rows of a roster with category and nomination resolved to ids, before they become entries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from voting.domain.contest.contest import Contest
from voting.domain.roster.sheet import Row

_LIST = re.compile(r"\s*[、,，;；]\s*")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row. `category`, `nomination` and each of `tags` are ids, empty if the row names an unknown one."""

    line: int
    cells: Mapping[str, str]
    category: str
    nomination: str
    tags: tuple[str, ...]


def candidate(row: Row, contest: Contest) -> Candidate:
    """Returns the row's candidate. If there is one way of nomination, it is the default."""
    ways = nomination_ids(contest)
    written = row.cells.get("nomination", "")
    only = contest.nominations[0].id if len(contest.nominations) == 1 else ""
    nomination = ways.get(written, "") if written else only
    categories = category_ids(contest)
    tags = tuple(categories.get(name, "") for name in _LIST.split(row.cells.get("tags", "")) if name)
    return Candidate(row.line, row.cells, categories.get(row.cells.get("category", ""), ""), nomination, tags)


def category_ids(contest: Contest) -> dict[str, str]:
    """Returns each category's id by its name and by its id."""
    return {name: category.id for category in contest.categories for name in (category.name, category.id)}


def nomination_ids(contest: Contest) -> dict[str, str]:
    """Returns each nomination's id by its name and by its id."""
    return {name: nomination.id for nomination in contest.nominations for name in (nomination.name, nomination.id)}
