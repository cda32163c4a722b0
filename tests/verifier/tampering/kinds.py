"""The register of kinds of tampering."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.verifier.case import Case


@dataclass(frozen=True)
class Kind:
    """A kind of tampering: its number in NUMBERS, the findings that must name it, and those that may come along."""

    number: int
    codes: set[str]
    also: set[str]
    bend: Callable[[Case], None]


KINDS: dict[str, Kind] = {}
# The kinds of the design that are to be made, and those of them that no file of strangers, voters or auditors shows.
# Of the others, 33 and 38 are about leaves and tables that are kept for later use.
NUMBERS = {*range(1, 33), 34, 35, 36, 39, 40}
NOT_MADE = {
    12: "facts are in no bundle and no openings; a court may order them, and then c_p opens them",
    13: "voters' hashes are in no bundle and no openings, so that nobody is followed through a contest",
    14: "who was erased is not in openings, either: the leaf's count cannot be compared with anything",
}


def kind(number: int, *codes: str, also: set[str] | None = None) -> Callable[[Callable[[Case], None]], None]:
    def note(bend: Callable[[Case], None]) -> None:
        KINDS[bend.__name__] = Kind(number, set(codes), also or set(), bend)

    return note
