"""What families are made of: crews of voters, places they vote from, and the acts that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from loadtests.hands.outsider.scene import Scene

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000

# What is wrong with a request: nothing, no Accept-Language, hints that contradict the user agent, sent by another
# site's page, a library's bare headers, no report from the page, no Referer.
FINE, NO_LANGUAGE, CLASH, FOREIGN, BARE, SILENT, NO_REFERER = range(7)


@dataclass(frozen=True, slots=True)
class Crew:
    """Voters: `key` is the identity, `device` the token (0: none), `age` its ms before the first page was opened."""

    key: Codes
    device: Codes
    age: Ints
    profile: Ints
    region: Ints
    carrier: Ints
    house: Codes


@dataclass(frozen=True, slots=True)
class Place:
    """Addresses: `code` is an IPv4 address below 2**32, else the upper half of an IPv6 one."""

    code: Codes
    asn: Ints
    hosting: Bools
    mobile: Bools


@dataclass(frozen=True, slots=True)
class Acts:
    """Ballots that a crew casts: `who` are indices into the crew, `reading` is `at` minus the page's opening."""

    crew: Crew
    who: Ints
    at: Ints
    reading: Ints
    entry: Ints
    place: Place
    flaw: Ints


@dataclass(frozen=True, slots=True)
class Family:
    """How to make one campaign or crowd of about so many ballots; `sizes` are those of a world of 400,000 ballots."""

    make: Callable[[Scene, int], Acts]
    sizes: tuple[int, int]
    scripted: bool = False


def either(mask: Bools, one: Place, other: Place) -> Place:
    """The first place where the mask holds, else the second."""
    return Place(*(np.where(mask, getattr(one, each.name), getattr(other, each.name)) for each in fields(Place)))


def chosen(acts: Acts, keep: Bools) -> Acts:
    """Only the acts that the mask keeps."""
    place = Place(*(getattr(acts.place, each.name)[keep] for each in fields(Place)))
    names = ("who", "at", "reading", "entry", "flaw")
    return replace(acts, place=place, **{name: getattr(acts, name)[keep] for name in names})


def mixed(codes: Codes) -> Codes:
    """Scrambles codes one to one (splitmix64)."""
    value = codes + np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))
