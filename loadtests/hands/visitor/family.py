"""What a family is, and the two tables of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.hands.visitor.stage import Part, Stage

Maker = Callable[[Stage, int], Part]


@dataclass(frozen=True, slots=True)
class Family:
    """`make` puts about so many ballots on the stage; one campaign or crowd has between `least` and `most`."""

    make: Maker
    scripted: bool
    least: int
    most: int


ATTACKS: dict[str, Family] = {}
CROWDS: dict[str, Family] = {}


def attack(name: str, least: int, most: int, *, scripted: bool = True) -> Callable[[Maker], Maker]:
    """Enters a family of attacks."""

    def enter(make: Maker) -> Maker:
        ATTACKS[name] = Family(make, scripted, least, most)
        return make

    return enter


def crowd(name: str, least: int, most: int) -> Callable[[Maker], Maker]:
    """Enters a family of honest crowds."""

    def enter(make: Maker) -> Maker:
        CROWDS[name] = Family(make, scripted=False, least=least, most=most)
        return make

    return enter
