"""Ballots as columns of numbers, before they become texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
# Where a number is not known.
NOTHING = -1

# What is unusual about a request; they add up.
NO_LANGUAGE, NO_HINTS, OTHER_HINT, NO_FETCH, ENGLISH, OTHER_ZONE = 1, 2, 4, 8, 16, 32
OTHER_PLATFORM, NO_REFERER, NO_CLIENT, CROSS_SITE, NO_ORIGIN, MINI_REFERER = 64, 128, 256, 512, 1024, 2048

SECOND, MINUTE, HOUR, DAY = 1_000, 60_000, 3_600_000, 86_400_000


@dataclass(slots=True)
class Columns:
    """Columns of one length that are cut and joined together."""

    def __getitem__(self, where: Ints | Bools | slice) -> Self:
        return type(self)(*(getattr(self, each.name)[where] for each in fields(self)))

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))


@dataclass(slots=True)
class Addresses(Columns):
    """`high` and `low` halves of IPv6, `high` 0 for IPv4; `hosting` 1, 0 or NOTHING; `air`: 0 Wi-Fi, 1 5G, 2 4G."""

    high: Ints
    low: Ints
    asn: Ints
    hosting: Ints
    air: Ints

    def put(self, where: Bools, other: Addresses) -> None:
        """Replaces those of `where` by the others, in their order."""
        for each in fields(self):
            getattr(self, each.name)[where] = getattr(other, each.name)


@dataclass(slots=True)
class Rows(Columns):
    """One row a ballot; times in ms since 1970. `source` tells which link or foreign page led to it."""

    at: Ints
    voter: Ints
    entry: Ints
    profile: Ints
    address: Addresses
    device: Ints
    issued: Ints
    opened: Ints
    flags: Ints
    source: Ints
    scripted: Bools

    def read_for(self, dwell: Ints) -> Rows:
        """With these reading times; the age that each token had when its page was opened stays."""
        opened = self.at - np.maximum(dwell, 1)
        self.issued = self.issued + opened - self.opened
        self.opened = opened
        return self

    def with_age(self, age: Ints) -> Rows:
        """With tokens that had this age when the page was opened."""
        self.issued = self.opened - np.maximum(age, 0)
        return self

    def flagged(self, flags: Ints | int) -> Rows:
        """With these oddities in addition."""
        self.flags = self.flags | flags
        return self


def joined(parts: Sequence[Rows]) -> Rows:
    """All of them, one after the other."""
    return Rows(*(_both([getattr(part, each.name) for part in parts]) for each in fields(Rows)))


def _both(parts: list[Any]) -> Any:
    if isinstance(parts[0], Addresses):
        return Addresses(*(_both([getattr(part, each.name) for part in parts]) for each in fields(Addresses)))
    return np.concatenate(parts)
