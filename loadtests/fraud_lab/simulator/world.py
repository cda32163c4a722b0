"""A labelled world: the ballots of one simulated contest, and what each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import polars as pl

Rule = Literal["day", "window"]
DAYS = 10
# The family of voters who belong to no crowd.
BACKGROUND = "background"


@dataclass(frozen=True, slots=True)
class World:
    """`events` has one row per attempt, sorted by `at`, with the columns of `rendering.COLUMNS`. `labels` has the same
    order: `id`, `fraud`, `family` ("A3", "L4", "background"), `instance` ("A3#2") and `scripted`. `opens` and `closes`
    are ms since 1970. `entries` lists all codes, including those without ballots. `rule`: one pick a voter in each."""

    events: pl.DataFrame
    labels: pl.DataFrame
    entries: list[str]
    opens: int
    closes: int
    rule: Rule
