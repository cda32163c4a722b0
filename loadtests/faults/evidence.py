"""The evidence of a run, as plain data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from loadtests.faults.client_log import Attempt

SHOWN = 5

Counts = tuple[int, int, int]
"""Raw, held and counted picks."""
Mute = Literal["never", "late", "always"]
"""Whether a client may get no answer: never (the engines are hit), only to requests sent after the fault began (a
worker ends), or always (the client's own worker or network is hit)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most this many picks of a voter in the window, for each `per`."""

    picks: int
    per: Literal["contest", "entry", "category"]


@dataclass(frozen=True, slots=True)
class Poll:
    """A contest of the run. Times are of day; `entries`: code -> category."""

    id: str
    opens: float
    closes: float
    entries: Mapping[str, str]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A ballot in PostgreSQL. `voter` is the label of the credential, or the stored value if none fits."""

    contest: str
    voter: str
    key: str
    id: str
    picks: tuple[str, ...]
    state: str
    recorded: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One repeatable-read transaction: the tally table and the recount of the ballots, (contest, entry) -> counts.

    `at` is the machine's monotonic clock, `wall` the time of day; `paused`: the revision of each paused contest.
    """

    at: float
    tally: Mapping[tuple[str, str], Counts]
    recount: Mapping[tuple[str, str], Counts]
    wall: float = 0.0
    paused: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """The tally in Redis or on the public board, and a snapshot taken after it was read.

    `picks` None: the source was there without the whole tally. `away`: the source was not there.
    """

    at: float
    source: Literal["redis", "board"]
    contest: str
    picks: Mapping[str, int] | None
    after: Snapshot
    away: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was made. `ended`: when the engines could be reached again.

    `recovered`: seconds from then until a fresh ballot was accepted and all workers were there; None: not in time.
    """

    kind: str
    begun: float
    ended: float
    mute: Mute
    recovered: float | None
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """All evidence of one run."""

    attempts: Sequence[Attempt]
    polls: Mapping[str, Poll]
    ballots: Sequence[Stored]
    snapshots: Sequence[Snapshot]
    readings: Sequence[Reading]
    faults: Sequence[Fault] = field(default=())


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold, the number of cases, and some of them."""

    invariant: str
    what: str
    cases: tuple[str, ...]
    count: int

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what} ({self.count}): {'; '.join(self.cases)}"


def violations(*checks: tuple[str, str, Iterable[str]]) -> Iterator[Violation]:
    """The checks (invariant, what, cases) that have cases."""
    for invariant, what, cases in checks:
        if listed := list(cases):
            yield Violation(invariant, what, tuple(listed[:SHOWN]), len(listed))
