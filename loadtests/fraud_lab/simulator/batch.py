"""The ballots of one group of people or one script, as columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# Marks an unknown value in a column of integers.
NOTHING = -1


@dataclass(slots=True)
class Addresses:
    """Clients' addresses: `v4` as a number, or for IPv6 the two 64-bit halves (63 bits used); `hosting` 1, 0 or
    NOTHING; `air` the network as WeChat names it: 0 a wireless LAN, 1 or 2 mobile."""

    v4: Ints
    high: Ints
    low: Ints
    asn: Ints
    hosting: Ints
    air: Ints

    def take(self, which: Ints) -> Addresses:
        """The rows at these indices, which may repeat."""
        return Addresses(*(getattr(self, field.name)[which] for field in fields(self)))

    def where(self, mask: Bools, other: Addresses) -> Addresses:
        """These rows where `mask` is true, else the other's."""
        mine = ((getattr(self, field.name), getattr(other, field.name)) for field in fields(self))
        return Addresses(*(np.where(mask, ours, theirs) for ours, theirs in mine))


@dataclass(slots=True)
class Batch:
    """Ballots, one a row: times in ms since 1970, voters and devices as numbers that never reach the output,
    `profile` a row of the catalogue, `source` and `site` codes of `headers.py`, `odd` too, `web_id` the phone's
    number."""

    at: Ints
    opened: Ints
    issued: Ints
    voter: Ints
    device: Ints
    entry: Ints
    profile: Ints
    web_id: Ints
    odd: Ints
    source: Ints
    site: Ints
    v4: Ints
    high: Ints
    low: Ints
    asn: Ints
    hosting: Ints
    air: Ints

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: Ints | Bools) -> Batch:
        """These ballots."""
        return Batch(*(getattr(self, field.name)[which] for field in fields(self)))


def joined(batches: Sequence[Batch]) -> Batch:
    """All batches, one after another."""
    return Batch(*(np.concatenate([getattr(each, field.name) for each in batches]) for field in fields(Batch)))
