"""Tallies the same ballots under another policy and reports the differences. It changes nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from voting.domain.ballots.ballot import State
from voting.domain.results.scoring import Tally, ranks
from voting.domain.roster.sheet import Tick, silent
from voting.fraud.facts.facts import Counts, Facts
from voting.fraud.groups.plan import CAST_HELD
from voting.fraud.online.scorecard import judge
from voting.fraud.policy import Online, SweepPolicy
from voting.fraud.sweep import sweep
from voting.postgres import tallies
from voting.postgres.database import Database
from voting.postgres.fraud import decisions
from voting.postgres.results import certifications
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.apply_decisions import Detector, standing_table
from voting.services.fraud.ballot_table import load_ballot_table


@dataclass(frozen=True, slots=True)
class Side:
    """An entry under one policy."""

    held: int
    void: int
    counted: int
    rank: int


@dataclass(frozen=True, slots=True)
class Line:
    """An entry under the policy in force and under the other one."""

    entry: str
    raw: int
    raw_rank: int
    now: Side
    other: Side

    @property
    def differs(self) -> bool:
        """Whether the entry differs under the other policy."""
        return self.now != self.other


class PolicyComparison:
    """Compares policies."""

    def __init__(self, database: Database, detect: Detector = sweep) -> None:
        self._database = database
        self._detect = detect

    async def compare(self, snapshot: ContestSnapshot, policy: SweepPolicy, tick: Tick = silent) -> tuple[Line, ...]:
        """Returns every entry in today's order. It changes nothing.

        Findings of the other policy are held, or void once the result is certified; reviewers' decisions apply under
        any policy. The policy's online part judges each ballot again from the facts and counts at the time of casting.
        A ballot that would only have been challenged is counted, since nobody knows whether the challenge would have
        been solved. A ballot that was held when cast stays held if its facts are gone.
        """
        contest, other = snapshot.contest.id, _OtherPolicy(policy.online)
        ballots = await load_ballot_table(self._database, contest, tick=tick, hear=other.hear)
        async with self._database.connection() as connection:
            now = await tallies.select(connection, contest)
            standing = standing_table(await decisions.select_in_question(connection, contest))
            found_are: State = "void" if await certifications.select(connection, contest) else "hold"
        swept = await asyncio.to_thread(self._detect, ballots, policy, "certification")
        found = pl.concat([swept.verdicts.filter("hold").select("id"), other.held(standing)]).unique()
        reviewed = standing.filter("frozen").select("id", "state")
        free = found.join(reviewed, on="id", how="anti").select("id", state=pl.lit(found_are))
        uncounted = pl.concat([free, reviewed.filter(pl.col("state") != "count")])
        every = {code: now.get(code, Tally()) for code in snapshot.entries}
        raw_places = ranks({entry: tally.raw for entry, tally in every.items()})
        sides, others = _sides(every), _sides(_others(every, ballots, uncounted))
        lines = [
            Line(entry, tally.raw, raw_places[entry], sides[entry], others[entry]) for entry, tally in every.items()
        ]
        return tuple(sorted(lines, key=lambda line: (line.now.rank, line.entry)))


class _OtherPolicy:
    """Judges ballots by another policy than the one in force when they were cast."""

    def __init__(self, online: Online) -> None:
        self._online = online
        self._held: list[str] = []
        self._unknown: list[str] = []

    def hear(self, number: str, facts: Facts) -> None:
        """Judges one ballot."""
        if facts == _NOTHING:
            self._unknown.append(number)
        elif judge(facts, facts.counts or Counts(), self._online).response == "hold":
            self._held.append(number)

    def held(self, standing: pl.DataFrame) -> pl.DataFrame:
        """Returns the ids that the policy would hold, and those held when cast without facts to judge them by."""
        stays = standing.filter(CAST_HELD).select("id").join(_ids(self._unknown), on="id", how="semi")
        return pl.concat([_ids(self._held), stays])


_NOTHING = Facts()


def _ids(ids: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"id": ids}, schema={"id": pl.String})


def _others(now: Mapping[str, Tally], ballots: pl.DataFrame, states: pl.DataFrame) -> dict[str, Tally]:
    """Returns the tallies if these ballots had these states and all others were counted."""
    picks = ballots.join(states, on="id").group_by("entry", "state").len()
    counts = {(entry, state): count for entry, state, count in picks.iter_rows()}
    others = {}
    for entry, tally in now.items():
        held, void = (counts.get((entry, state), 0) for state in ("hold", "void"))
        others[entry] = Tally(tally.raw, held, tally.raw - held - void)
    return others


def _sides(tallies: Mapping[str, Tally]) -> dict[str, Side]:
    places = ranks({entry: tally.counted for entry, tally in tallies.items()})
    return {
        entry: Side(tally.held, tally.raw - tally.held - tally.counted, tally.counted, places[entry])
        for entry, tally in tallies.items()
    }
