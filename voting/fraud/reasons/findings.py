"""What a sweep over recorded ballots finds: groups of ballots with their evidence, and a decision for each ballot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    # The web reads evidence, and polars is not for its processes.
    import polars as pl

Stage = Literal["online", "nearline", "certification"]


class Evidence(msgspec.Struct, frozen=True):
    """One reason, with what it rests on.

    `expected` is the count that independence would give, `surprise` the signed Poisson deviance of the count against it
    (in standard deviations), `profile` what else is remarkable of these ballots (shares from 0 to 1, seconds).
    """

    code: str
    key: Mapping[str, str]
    count: int
    expected: float
    surprise: float
    profile: Mapping[str, float] = {}


class Group(msgspec.Struct, frozen=True):
    """Ballots that stand or fall together: what a reviewer decides about.

    `id` is the same again when the same sweep is repeated. `entries` says how many of its picks each entry has.
    """

    id: str
    reasons: tuple[str, ...]
    ballots: int
    entries: Mapping[str, int]
    evidence: tuple[Evidence, ...]


class Sweep(msgspec.Struct, frozen=True):
    """What one sweep found. `prepared`: the swept ballots as `prepare` makes them, which takes a while.

    `verdicts` has a row for each row of the ballots that were swept, in their order: `id` (as given), `hold` (bool),
    `reasons` (list of codes, sorted; empty where nothing was found), `group` (a Group's id, or null).
    """

    verdicts: pl.DataFrame
    groups: tuple[Group, ...]
    prepared: pl.DataFrame
