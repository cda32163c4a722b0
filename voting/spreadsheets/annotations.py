"""Comments and drawings of a sheet. They are not read, so the organiser is notified of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from voting.domain.names import shown
from voting.errors import say
from voting.spreadsheets.package import Package, tag_of
from voting.spreadsheets.strings import rich_text

_MOST_NAMED = 20


def annotation_notes(package: Package, path: str) -> Iterator[str]:
    """Yields sentences on the comments and drawings of the sheet."""
    parts = [*package.relations(path).values()]
    yield from _comment_notes(package, parts)
    texts, count = list[str](), 0
    for part in [part for kind, part in parts if kind == "drawing"]:
        for tag, element in package.elements(part, "pic", "sp", "t"):
            count += tag != "t"
            texts += [element.text] if tag == "t" and element.text else []
    if count:
        words = say(", with the text {}", shown(" ".join(texts))) if texts else ""
        yield say("the sheet has {} pictures or text boxes{}, which are not read", count, words)


def _comment_notes(package: Package, parts: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yields a sentence for each cell with a comment, which may change the cell's meaning."""
    threads: dict[str, list[str]] = defaultdict(list)
    for part in [part for kind, part in parts if kind == "threadedComment"]:
        for _, comment in package.elements(part, "threadedComment"):
            threads[comment.get("ref", "")] += [child.text or "" for child in comment if tag_of(child) == "text"]
    legacy: dict[str, list[str]] = defaultdict(list)
    for part in [part for kind, part in parts if kind == "comments"]:
        for _, comment in package.elements(part, "comment"):
            legacy[comment.get("ref", "")] += [rich_text(child) for child in comment if tag_of(child) == "text"]
    # A thread is stored again as one old comment, for programs without threads.
    comments = legacy | threads
    for reference, texts in list(comments.items())[:_MOST_NAMED]:
        yield (
            say(
                "the cell {} has the comment {}, which is not read; write into the table what counts",
                reference,
                shown(" ".join(" ".join(texts).split())),
            )
        )
    if len(comments) > _MOST_NAMED:
        yield say("{} more cells have comments", len(comments) - _MOST_NAMED)
