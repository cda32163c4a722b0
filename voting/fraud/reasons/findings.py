"""The findings of a sweep over recorded ballots: groups with their evidence, and a decision for each ballot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    # The web reads evidence, and its processes do not load polars.
    import polars as pl

Stage = Literal["online", "nearline", "certification"]


class Evidence(msgspec.Struct, frozen=True):
    """One reason with its figures.

    `expected` is the count under independence, `surprise` the signed Poisson deviance of the count from it (in standard
    deviations), `profile` other remarkable figures of these ballots (shares from 0 to 1, seconds).
    """

    code: str
    key: Mapping[str, str]
    count: int
    expected: float
    surprise: float
    profile: Mapping[str, float] = {}


class Group(msgspec.Struct, frozen=True):
    """Ballots that a reviewer decides on together.

    Repeating the same sweep gives the same `id`. `entries` has the number of picks by entry.
    """

    id: str
    reasons: tuple[str, ...]
    ballots: int
    entries: Mapping[str, int]
    evidence: tuple[Evidence, ...]


class Sweep(msgspec.Struct, frozen=True):
    """The findings of one sweep. `prepared`: the swept ballots after `prepare`, which takes a while.

    `verdicts` has a row for each row of the swept ballots, in their order: `id` (as given), `hold` (bool), `reasons`
    (list of codes, sorted; empty if none), `group` (a Group's id, or null).
    """

    verdicts: pl.DataFrame
    groups: tuple[Group, ...]
    prepared: pl.DataFrame
