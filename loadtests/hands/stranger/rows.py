"""Ballots as columns of numbers, before they are written out."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from loadtests.hands.stranger.clock import Window
from loadtests.hands.stranger.dice import Ints, Words


@dataclass(frozen=True, slots=True)
class Lines:
    """Addresses: IPv4 in `low` where `high` is 0. `hosting`: 1, 0 or -1 for unknown."""

    high: Words
    low: Words
    asn: Ints
    hosting: Ints

    def __len__(self) -> int:
        return len(self.low)

    def take(self, which: NDArray[Any]) -> Lines:
        """Some of them."""
        return Lines(self.high[which], self.low[which], self.asn[which], self.hosting[which])

    def where(self, mask: NDArray[np.bool_], other: Lines) -> Lines:
        """These, but the others where the mask holds."""
        return Lines(
            np.where(mask, other.high, self.high),
            np.where(mask, other.low, self.low),
            np.where(mask, other.asn, self.asn),
            np.where(mask, other.hosting, self.hosting),
        )


@dataclass(frozen=True, slots=True)
class Rows:
    """Ballots. `voter` and `device` are serial numbers, `profile` an index of the catalogue, `web_id` and `net` fill
    WeChat's user agent, `page` names the referring page, `odd` a disturbance of the headers; -1 is unknown."""

    at: Ints
    entry: Ints
    voter: Ints
    device: Ints
    issued: Ints
    opened: Ints
    high: Words
    low: Words
    asn: Ints
    hosting: Ints
    profile: Ints
    web_id: Ints
    net: Ints
    page: Ints
    odd: Ints

    def __len__(self) -> int:
        return len(self.at)

    def take(self, which: NDArray[Any]) -> Rows:
        """Some of them."""
        return Rows(**{each.name: getattr(self, each.name)[which] for each in fields(self)})


def joined(parts: list[Rows]) -> Rows:
    """All rows of several batches."""
    return Rows(**{each.name: np.concatenate([getattr(part, each.name) for part in parts]) for each in fields(Rows)})


def admissible(rows: Rows, window: Window) -> Rows:
    """Those inside the window, only the first of a voter and a day, in time order."""
    rows = rows.take((rows.at >= window.opens) & (rows.at < window.closes))
    rows = rows.take(np.argsort(rows.at, kind="stable"))
    key = rows.voter * 64 + window.day(rows.at)
    _, first = np.unique(key, return_index=True)
    return rows.take(np.sort(first))


@dataclass(frozen=True, slots=True)
class Batch:
    """One instance's ballots and what they are."""

    family: str
    instance: str
    fraud: bool
    scripted: bool
    rows: Rows
