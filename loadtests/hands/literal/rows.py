"""Ballots as columns of numbers, before they become texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

HOUR, DAY = 3600.0, 86_400.0
# Where there is no IPv6 address.
NOTHING = -1
# How a ballot came: an index of NETWORKS.
WIFI, FIFTH, FOURTH = 0, 1, 2
NETWORKS = ("WIFI", "5G", "4G")
# What is odd about the headers of a request: one thing at most.
USUAL, OTHER_HINTS, NO_HINTS, CUT_AGENT, CROSS_SITE, NO_LANGUAGE, STRAY, STRAY_CROSS = range(8)


@dataclass(frozen=True, slots=True)
class Ballots:
    """One number a ballot in each column; times in seconds since the opening, `ip` the address as a number, `six`
    names an IPv6 address that is used instead."""

    at: Floats
    entry: Ints
    voter: Ints
    device: Ints
    issued: Floats
    dwell: Floats
    profile: Ints
    ip: Ints
    six: Ints
    asn: Ints
    hosting: Bools
    air: Ints
    odd: Ints

    def __len__(self) -> int:
        return len(self.at)

    def __getitem__(self, where: Ints) -> Ballots:
        return Ballots(*(getattr(self, each.name)[where] for each in fields(self)))


def joined(parts: Sequence[Ballots]) -> Ballots:
    """All of them, one after the other."""
    return Ballots(*(np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Ballots)))
