"""What the checker judges: data alone, however it was got."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from loadtests.faults.client_log import Attempt

Counts = tuple[int, int, int]
"""Raw, held and counted picks."""
Mute = Literal["never", "late", "always"]
"""Whether a fault may leave a client without an answer: never (it hits the engines), only to requests that come after
its beginning (a worker that is told to end), or to all (the client's own worker or network is hit)."""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most so many picks of one voter in the window, for each `per`."""

    picks: int
    per: Literal["contest", "entry", "category"]


@dataclass(frozen=True, slots=True)
class Poll:
    """One contest of the campaign, as its file says. Times are of day; `entries`: code -> category."""

    id: str
    opens: float
    closes: float
    entries: Mapping[str, str]
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """A ballot as PostgreSQL has it. `voter` is the label of the credential, or what is stored where none fits."""

    contest: str
    voter: str
    key: str
    id: str
    picks: tuple[str, ...]
    state: str
    recorded: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One repeatable-read transaction: the tally table and the recount of the ballots, (contest, entry) -> counts."""

    at: float
    tally: Mapping[tuple[str, str], Counts]
    recount: Mapping[tuple[str, str], Counts]


@dataclass(frozen=True, slots=True)
class Reading:
    """The tally that Redis or the public board shows, and the snapshot that was taken after it was read.

    `picks` None: it could be asked, and did not hold the whole tally. A source that could not be asked has `away`.
    """

    at: float
    source: Literal["redis", "board"]
    contest: str
    picks: Mapping[str, int] | None
    after: Snapshot
    away: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that was made. `ended` is when what was hit could be reached again, by nobody's hand.

    `recovered`: seconds from there until a fresh ballot was accepted and all workers were there; None: not in time.
    """

    kind: str
    begun: float
    ended: float
    mute: Mute
    recovered: float | None
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """All of one run."""

    attempts: Sequence[Attempt]
    polls: Mapping[str, Poll]
    ballots: Sequence[Stored]
    snapshots: Sequence[Snapshot]
    readings: Sequence[Reading]
    faults: Sequence[Fault] = field(default=())


@dataclass(frozen=True, slots=True)
class Violation:
    """An invariant that did not hold, how often, and some of the cases."""

    invariant: str
    what: str
    cases: tuple[str, ...]
    count: int

    def __str__(self) -> str:
        return f"{self.invariant}: {self.what} ({self.count}): {'; '.join(self.cases)}"
