"""Replays recorded attempts through the live rules on a simulated clock: online, near-line, certification."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future
from datetime import UTC, datetime
from functools import cache
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl
from msgspec.structs import replace

from voting.domain.contest.contest import Contest
from voting.fraud.facts.attempt import Attempt
from voting.fraud.facts.observe import recorded_facts
from voting.fraud.features.column_index import Survey
from voting.fraud.features.frame import Row, frame, milliseconds
from voting.fraud.features.history import Past
from voting.fraud.features.preprocess import prepare
from voting.fraud.groups.group_evidence import named
from voting.fraud.groups.groups import describe_cast
from voting.fraud.online.counters import Counters
from voting.fraud.online.quotas import Quotas
from voting.fraud.online.scorecard import judge as judge_online
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Group, Stage, Sweep
from voting.fraud.sweep import Verdicts, judge, past_of, rounds, sweep

Decided = Literal["count", "hold", "refuse"]
Flags = npt.NDArray[np.bool_]
_CHUNK = 20_000
# Columns that prepare() does not read: a round's ballots are sent to another process.
_UNREAD = ("id", "channel", "app", "solving")
_CAST: dict[str, pl.DataType | type[pl.DataType]] = {"id": pl.String, "reasons": pl.List(pl.String)}
_CLOSED = {"not_open": "window_not_open", "closed": "window_closed"}


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The decision on one attempt, with its stage and time (milliseconds since 1970)."""

    id: str
    decision: Decided
    reasons: tuple[str, ...]
    stage: Stage
    decided_at: int
    challenged: bool = False


class Replayed(NamedTuple):
    """`final` has one decision for each attempt, in the order of the input; `history` every change, by time."""

    final: list[Decision]
    history: list[Decision]
    entries: list[str]
    """The entry of each attempt."""
    cast_at: list[int]
    """The time of each attempt, in milliseconds since 1970."""
    groups: tuple[Group, ...]
    quotas_not_applied: Mapping[int, int]
    """By the quota's index: the number of picks without a known category, to which it could not be applied."""


Tick = Callable[[str, int], None]
"""Called with the part of the work and the number of attempts or rounds done."""


class _Due(NamedTuple):
    """A near-line round: its moment, and its ballots from the first to before the last."""

    moment: int
    first: int
    last: int


class _Round(NamedTuple):
    """A running round and its future result."""

    due: _Due
    found: Future[Verdicts]


class Backtest:
    """One replay: offer ballots in the order of time, then call finish.

    Near-line rounds run in `executor` (of processes, if there are several cores): their findings do not affect how
    later ballots are cast.
    """

    def __init__(self, contest: Contest, policy: SweepPolicy, executor: Executor, tick: Tick) -> None:
        self._contest = contest
        self._policy = policy
        self._rules = policy.sweep
        self._executor = executor
        self._tick = tick
        self._quotas = Quotas(contest)
        self._counters = Counters()
        self._final: list[Decision] = []
        self._entries: list[str] = []
        self._cast_at: list[int] = []
        self._history: list[Decision] = []
        self._recorded: list[int] = []
        """By recorded ballot, its attempt's number."""
        self._rows: list[Row] = []
        self._ballots = frame([])
        self._shared = _shared(self._ballots)
        self._due: list[_Due] = []
        self._rounds: list[_Round] = []
        self._latest = -1
        """The moment of the latest round, run or skipped."""
        self._grouped = 0
        """Rounds may have held ballots only before this one."""
        self._past: dict[int, Future[Past]] = {}

    def offer(self, picks: Sequence[Attempt]) -> None:
        """Casts one ballot, given as its picks; like live, it is recorded whole or not at all."""
        # Comparing moments of one zone is twenty times as fast.
        now = picks[0].at.astimezone(UTC)
        why = _CLOSED.get(self._contest.phase(now))
        if why is None and not self._quotas.take(picks[0].voter, [(pick.entry, pick.category) for pick in picks], now):
            why = "quota_exhausted"
        for pick in picks:
            refused = Decision(pick.id, "refuse", (why,), "online", milliseconds(now)) if why else None
            decision = refused or self._online(pick, now)
            if decision.decision != "count" or decision.challenged:
                self._history.append(decision)
            self._final.append(decision)
            self._entries.append(pick.entry)
            self._cast_at.append(decision.decided_at)
            if len(self._rows) >= _CHUNK:
                self._flush(until=decision.decided_at)
                self._tick("online", len(self._final))

    def finish(self) -> Replayed:
        """Certifies while the last rounds run, then applies the rounds' findings in order, and the certification's."""
        self._flush(until=None)
        while self._due:
            self._past_before(self._due[0].moment).result()
            self._begin()
        self._tick("certification", 0)
        certified = sweep(self._ballots, self._policy, "certification")
        looks = _Looks(np.array([self._final[number].decision == "hold" for number in self._recorded], np.bool_))
        for number, round_ in enumerate(self._rounds, 1):
            verdicts = round_.found.result()
            first, now = round_.due.first, round_.due.moment
            held, released = looks.after(verdicts, first)
            for row in held.tolist():
                self._change(first + row, "hold", _named(int(verdicts.reasons[row])), "nearline", now)
            for row in released.tolist():
                self._change(first + row, "count", (), "nearline", now)
            self._tick("nearline", number)
        self._certify(looks, certified)
        self._history.sort(key=lambda decision: decision.decided_at)
        # Ballots held when cast that the certification did not find have groups of their own.
        cast_only = np.flatnonzero(looks.online & ~certified.verdicts["hold"].to_numpy()).tolist()
        held_when_cast = [
            (ballot.id, ballot.reasons) for ballot in (self._final[self._recorded[row]] for row in cast_only)
        ]
        cast_groups = describe_cast(
            self._ballots, certified.prepared, pl.DataFrame(held_when_cast, schema=_CAST, orient="row")
        )
        groups = (*certified.groups, *cast_groups)
        not_applied = self._quotas.not_applied
        return Replayed(self._final, self._history, self._entries, self._cast_at, groups, not_applied)

    def _online(self, attempt: Attempt, now: datetime) -> Decision:
        facts, at = recorded_facts(attempt), milliseconds(now)
        counts = self._counters.add(now, attempt.entry, attempt.voter, facts)
        judged = judge_online(facts, counts, self._policy.online)
        self._recorded.append(len(self._final))
        self._rows.append(Row(attempt.id, at, attempt.voter, attempt.entry, facts))
        is_hold = judged.response == "hold"
        return Decision(
            attempt.id,
            "hold" if is_hold else "count",
            judged.reasons if is_hold else (),
            "online",
            at,
            judged.response == "challenge",
        )

    def _flush(self, until: int | None) -> None:
        """Adds the rows to the table and begins the rounds due until then; None: all."""
        more = frame(self._rows)
        self._rows = []
        self._ballots = pl.concat([self._ballots, more])
        self._shared = pl.concat([self._shared, _shared(more)])
        times = self._ballots["at"].to_numpy()
        for moment in rounds(times, self._rules):
            if moment > self._latest and (until is None or moment <= until):
                self._latest = moment
                first, last = np.searchsorted(times, [moment - self._rules.hours * 3_600_000, moment]).tolist()
                if self._can_change(first, last):
                    self._due.append(_Due(moment, first, last))
                    self._past_before(moment)
        self._begin()

    def _can_change(self, first: int, last: int) -> bool:
        """Whether a round of these ballots may hold or release one: too few are no group.

        With few ballots, as over the months of a long window, most rounds change nothing.
        """
        is_group = last - first >= self._rules.nearline.least_group
        if is_group:
            self._grouped = last
        return is_group or first < self._grouped

    def _begin(self) -> None:
        """Begins the rounds whose history is ready."""
        while self._due and (past := self._past_before(self._due[0].moment)).done():
            due = self._due.pop(0)
            future = self._executor.submit(_look, self._shared[due.first : due.last], past.result(), self._policy)
            self._rounds.append(_Round(due, future))

    def _past_before(self, moment: int) -> Future[Past]:
        begin, end = self._rules.past(moment)
        if end not in self._past:
            first, last = np.searchsorted(self._ballots["at"].to_numpy(), [begin, end]).tolist()
            self._past[end] = self._executor.submit(past_of, self._shared[first:last], self._policy.model.first)
        return self._past[end]

    def _certify(self, looks: _Looks, found: Sweep) -> None:
        # A round may be due after the window's end: certification comes after it.
        now = max([milliseconds(self._contest.closes_at), *self._ballots["at"].tail(1).to_list(), self._latest])
        verdicts = found.verdicts.select("hold", "reasons")
        rows = np.flatnonzero(verdicts["hold"].to_numpy() | looks.held)
        for row, (hold, reasons) in zip(rows.tolist(), verdicts[rows].iter_rows(), strict=True):
            if hold:
                self._change(row, "hold", tuple(reasons), "certification", now)
            else:
                self._change(row, "count", (), "certification", now)

    def _change(self, row: int, decision: Decided, reasons: tuple[str, ...], stage: Stage, now: int) -> None:
        """Changes a ballot, unless it has this decision already; then it keeps the stage that made it first.

        It gets the reasons of the latest pass, as live; but rounds skip ballots held when cast.
        """
        number = self._recorded[row]
        before = self._final[number]
        if before.decision == decision:
            if stage == "certification" or before.stage != "online":
                self._final[number] = replace(before, reasons=reasons or before.reasons)
            return
        changed = Decision(before.id, decision, reasons, stage, now)
        self._history.append(changed)
        self._final[number] = replace(changed, challenged=True) if before.challenged else changed


def _shared(ballots: pl.DataFrame) -> pl.DataFrame:
    """Returns the ballots for the rounds: only columns that prepare() reads, with texts hashed as it would."""
    texts = pl.col(pl.String)
    return ballots.drop(_UNREAD).with_columns(pl.when(texts.is_not_null()).then(texts.hash()))


def _look(window: pl.DataFrame, past: Past, policy: SweepPolicy) -> Verdicts:
    """Prepared rows are ordered by time, like these, so their numbers agree."""
    return judge(Survey(prepare(window, past)), policy.sweep, policy.model, "nearline")


class _Looks:
    """What rounds hold, by recorded ballot: for most ballots a round repeats the one before."""

    def __init__(self, online: Flags) -> None:
        self.online = online
        self.held = np.zeros_like(online)
        self._reasons = np.zeros(len(online), np.uint32)

    def after(self, found: Verdicts, first: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Returns the rows of a round that it holds or gives other reasons, and those it releases.

        The round starts at ballot `first`. Rounds skip ballots held when cast.
        """
        window = slice(first, first + len(found.hold))
        held, reasons = self.held[window], self._reasons[window]
        hold, released = found.hold & ~self.online[window], found.release & ~found.hold & held
        changed = hold & ~(held & (reasons == found.reasons))
        reasons[hold] = found.reasons[hold]
        held[hold], held[released] = True, False
        return np.flatnonzero(changed), np.flatnonzero(released)


# There are few combinations, and a round names those of thousands of ballots.
_named = cache(named)
