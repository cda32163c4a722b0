"""Replays recorded attempts through the live rules on a simulated clock: online, near-line, certification."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

import msgspec
import numpy as np
import polars as pl

from voting.domain.contest import Contest
from voting.fraud.attempt import Attempt
from voting.fraud.counters import Counters
from voting.fraud.findings import Group, Stage
from voting.fraud.frame import Row, frame
from voting.fraud.groups import named
from voting.fraud.observing import observe
from voting.fraud.policy import Policy
from voting.fraud.prepared import prepare
from voting.fraud.quotas import Quotas
from voting.fraud.scorecard import judge as judge_online
from voting.fraud.survey import Survey
from voting.fraud.sweep import SweepPolicy, Takers, Verdicts, judge, rounds, sweep

Decided = Literal["count", "hold", "refuse"]
_CHUNK = 20_000


class Decision(NamedTuple):
    """What was decided about one attempt, by which stage and when (milliseconds since 1970)."""

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
    """By attempt: what it was for."""
    cast_at: list[int]
    """By attempt: when it came, in milliseconds since 1970."""
    groups: tuple[Group, ...]


Tick = Callable[[str, int], None]
"""Hears which part of the work goes on, and how many attempts or rounds are done."""


class _Round(NamedTuple):
    """A near-line round under way: its moment, the first ballot that it looks at, and what it will find."""

    moment: int
    first: int
    found: Future[Verdicts]


class Backtest:
    """One replay: attempts are offered in the order of time, then it is finished.

    Near-line rounds run beside, in `executor`: what they find changes nothing of how later ballots are cast.
    """

    def __init__(self, contest: Contest, policy: Policy, executor: Executor, tick: Tick) -> None:
        self._contest = contest
        self._policy = policy
        self._rules = msgspec.convert(policy.sweep, SweepPolicy)
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
        self._rounds: list[_Round] = []
        self._takers: dict[int, Future[pl.Series]] = {}

    def offer(self, attempt: Attempt) -> None:
        """Casts one ballot, as live."""
        decision = self._refusal(attempt) or self._online(attempt)
        if decision.decision != "count" or decision.challenged:
            self._history.append(decision)
        self._final.append(decision)
        self._entries.append(attempt.entry)
        self._cast_at.append(decision.decided_at)
        if len(self._rows) >= _CHUNK:
            self._flush(until=decision.decided_at)
            self._tick("online", len(self._final))

    def finish(self) -> Replayed:
        """Waits for the rounds, applies them in their order, and certifies."""
        self._flush(until=None)
        for number, each in enumerate(self._rounds, 1):
            self._apply(each.found.result(), each.first, each.moment)
            self._tick("nearline", number)
        groups = self._certify(self._ballots)
        self._history.sort(key=lambda decision: decision.decided_at)
        return Replayed(self._final, self._history, self._entries, self._cast_at, groups)

    def _refusal(self, attempt: Attempt) -> Decision | None:
        phase = self._contest.phase(attempt.at)
        why = {"not_open": "window_not_open", "closed": "window_closed"}.get(phase)
        if why is None and not self._quotas.take(attempt.voter, attempt.entry, "", attempt.at):
            why = "quota_exhausted"
        return Decision(attempt.id, "refuse", (why,), "online", _milliseconds(attempt.at)) if why else None

    def _online(self, attempt: Attempt) -> Decision:
        facts = observe(attempt)
        counts = self._counters.add(attempt.at, attempt.entry, attempt.voter, facts)
        judged = judge_online(facts, counts, self._policy.online)
        self._recorded.append(len(self._final))
        self._rows.append(Row(attempt.id, attempt.at, attempt.voter, attempt.entry, facts))
        is_hold = judged.response == "hold"
        return Decision(
            attempt.id,
            "hold" if is_hold else "count",
            judged.reasons if is_hold else (),
            "online",
            _milliseconds(attempt.at),
            judged.response == "challenge",
        )

    def _flush(self, until: int | None) -> None:
        """Puts the rows into the table and begins the rounds that are due until then; None: all."""
        self._ballots = pl.concat([self._ballots, frame(self._rows)])
        self._rows = []
        times = self._ballots["at"].to_numpy()
        begun = self._rounds[-1].moment if self._rounds else -1
        for moment in rounds(times, self._rules):
            if moment > begun and (until is None or moment <= until):
                first, last = np.searchsorted(times, [moment - self._rules.hours * 3_600_000, moment]).tolist()
                window, takers = self._ballots[first:last], self._takers_before(moment)
                found = self._executor.submit(_look, window, takers, self._rules)
                self._rounds.append(_Round(moment, first, found))

    def _takers_before(self, moment: int) -> Future[pl.Series]:
        """Looked for once in so many hours. A round waits for them: they were begun before it, and so they end."""
        number = moment // (self._rules.takers_hours * 3_600_000)
        if number not in self._takers:
            self._takers[number] = self._executor.submit(Takers(self._ballots, self._rules).before, moment)
        return self._takers[number]

    def _apply(self, found: Verdicts, first: int, now: int) -> None:
        for row in np.flatnonzero(found.hold).tolist():
            self._change(first + row, "hold", named(int(found.reasons[row])), "nearline", now)
        for row in np.flatnonzero(found.release & ~found.hold).tolist():
            number = self._recorded[first + row]
            if self._final[number].stage == "nearline" and self._final[number].decision == "hold":
                self._change(first + row, "count", (), "nearline", now)

    def _certify(self, ballots: pl.DataFrame) -> tuple[Group, ...]:
        self._tick("certification", 0)
        found = sweep(ballots, self._policy, "certification")
        # A round may be due after the window's end: what is certified comes after it.
        latest = [*ballots["at"].tail(1).to_list(), *(each.moment for each in self._rounds[-1:])]
        now = max([_milliseconds(self._contest.closes_at), *latest])
        for row, (hold, reasons) in enumerate(found.verdicts.select("hold", "reasons").iter_rows()):
            before = self._final[self._recorded[row]]
            if hold:
                self._change(row, "hold", tuple(reasons), "certification", now)
            elif before.decision == "hold" and before.stage == "nearline":
                self._change(row, "count", (), "certification", now)
        return found.groups

    def _change(self, row: int, decision: Decided, reasons: tuple[str, ...], stage: Stage, now: int) -> None:
        """A ballot that has this decision already keeps it, with the stage that made it first.

        It gets the reasons of the latest look, as live: but what was held when it was cast, no round looks at.
        """
        number = self._recorded[row]
        before = self._final[number]
        if before.decision == decision:
            if stage == "certification" or before.stage != "online":
                self._final[number] = before._replace(reasons=reasons or before.reasons)
            return
        self._final[number] = before._replace(decision=decision, reasons=reasons, stage=stage, decided_at=now)
        self._history.append(self._final[number]._replace(challenged=False))


def _look(window: pl.DataFrame, takers: Future[pl.Series], rules: SweepPolicy) -> Verdicts:
    """Prepared rows are ordered by time, as these are: they have the same numbers."""
    return judge(Survey(prepare(window, takers.result())), rules, "nearline")


def _milliseconds(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
