"""Tallies the same ballots under another policy, and says what would differ. Nothing is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from voting.domain.scoring import Tally, ranks
from voting.domain.sheet import Tick, silent
from voting.fraud.changes import CAST_HELD
from voting.fraud.policy import Policy
from voting.fraud.sweep import sweep
from voting.fraud.sweep_rules import sweep_rules
from voting.postgres import decisions, tallies
from voting.postgres.database import Database
from voting.services.catalogue import Listing
from voting.services.deciding import Detector, standing_table
from voting.services.gathering import gather


@dataclass(frozen=True, slots=True)
class Side:
    """An entry under one policy. `removed`: held or void."""

    removed: int
    counted: int
    rank: int


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as it stands, and as it would under the other policy."""

    entry: str
    raw: int
    raw_rank: int
    now: Side
    other: Side

    @property
    def differs(self) -> bool:
        """Whether the other policy would change anything for it."""
        return self.now != self.other


class Retallying:
    """Compares policies."""

    def __init__(self, database: Database, detect: Detector = sweep) -> None:
        self._database = database
        self._detect = detect

    async def compare(self, listing: Listing, policy: Policy, tick: Tick = silent) -> tuple[Line, ...]:
        """Every entry, the first by today's ranking first. What reviewers decided, and what was held when it was cast,
        stands under any policy."""
        sweep_rules(policy)
        contest = listing.contest.id
        ballots = await gather(self._database, contest, tick=tick)
        async with self._database.connection() as connection:
            now = await tallies.select(connection, contest)
            standing = standing_table(await decisions.select_in_question(connection, contest))
        found = await asyncio.to_thread(self._detect, ballots, policy, "certification")
        removed = _removed(ballots, found.verdicts, standing)
        return compare_tallies({code: now.get(code, Tally()) for code in listing.entries}, removed)


def _removed(ballots: pl.DataFrame, verdicts: pl.DataFrame, standing: pl.DataFrame) -> dict[str, int]:
    """Picks that would not be counted, by entry."""
    reviewed = standing.filter("frozen")
    found = verdicts.filter("hold").select("id").join(reviewed, on="id", how="anti")
    stays = standing.filter((pl.col("frozen") & (pl.col("state") != "count")) | (~pl.col("frozen") & CAST_HELD))
    counts = ballots.join(pl.concat([found, stays.select("id")]), on="id", how="semi").group_by("entry").len()
    return dict(counts.iter_rows())


def compare_tallies(now: Mapping[str, Tally], removed: Mapping[str, int]) -> tuple[Line, ...]:
    """The lines of these tallies and of what the other policy would remove from them."""
    other = {entry: tally.raw - removed.get(entry, 0) for entry, tally in now.items()}
    raw_places = ranks({entry: tally.raw for entry, tally in now.items()})
    places, other_places = ranks({entry: tally.counted for entry, tally in now.items()}), ranks(other)
    lines = [
        Line(
            entry,
            tally.raw,
            raw_places[entry],
            Side(tally.raw - tally.counted, tally.counted, places[entry]),
            Side(removed.get(entry, 0), other[entry], other_places[entry]),
        )
        for entry, tally in now.items()
    ]
    return tuple(sorted(lines, key=lambda line: (line.now.rank, line.entry)))
