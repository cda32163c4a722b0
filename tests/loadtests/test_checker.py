"""The checker on evidence made up for it: a sound run passes, and each thing that goes wrong is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import pytest

from loadtests.faults.answers import DEADLINE_SECONDS
from loadtests.faults.checker import INVARIANTS, check, named
from loadtests.faults.client_log import Answered, Attempt, ClientLog, Sent, read
from loadtests.faults.evidence import Evidence, Fault, Mute, Poll, Reading, Rule, Snapshot, Stored, Violation
from loadtests.http import NOT_READ

WALL = 1_800_000_000.0
MAIN = Poll(
    "main", WALL - 100, WALL + 100, {"A": "one", "B": "one", "C": "two"}, (Rule(2, "contest"), Rule(1, "entry"))
)


@dataclass
class Told:
    """Evidence in the making; times are seconds after the run's beginning."""

    attempts: list[Attempt] = field(default_factory=list)
    ballots: list[Stored] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    snapshots: list[Snapshot] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    number: int = 0

    def ask(self, voter: str, key: str, picks: str, status: int = 201, at: float = 1.0, **more: object) -> None:
        """An attempt; 201 with ballot `b-<voter>-<key>` unless `more` says otherwise."""
        self.number += 1
        ballot = f"b-{voter}-{key}" if status == 201 else ""
        sent = Sent(f"t-{self.number}", "honest", "main", voter, key, tuple(picks), True, True, at, WALL + at)
        answer = Answered(sent.id, status, "", ballot, f"d-{ballot}", "", "", at + 0.1, WALL + at + 0.1)
        of_sent = {name: value for name, value in more.items() if name in Sent.__struct_fields__}
        of_answer = {name: value for name, value in more.items() if name not in of_sent}
        answer = msgspec.structs.replace(answer, **of_answer)
        self.attempts.append(Attempt(msgspec.structs.replace(sent, **of_sent), answer))

    def store(self, voter: str, key: str, picks: str, at: float = 1.0, id: str = "") -> None:
        """The ballot that `ask` was answered with."""
        self.ballots.append(Stored("main", voter, key, id or f"b-{voter}-{key}", tuple(picks), "count", WALL + at))

    def cast(self, voter: str, key: str, picks: str, at: float = 1.0) -> None:
        """Both."""
        self.ask(voter, key, picks, at=at)
        self.store(voter, key, picks, at=at)

    def look(
        self, at: float, picks: dict[str, int] | None = None, paused: int = 0, **shown: dict[str, int] | None
    ) -> None:
        """A snapshot, by default of all ballots so far, and what `redis` and `board` showed just before.

        `paused`: the contest's revision if it is.
        """
        found = dict(Counter(entry for ballot in self.ballots for entry in ballot.picks)) if picks is None else picks
        counts = {("main", entry): (count, 0, count) for entry, count in found.items()}
        self.snapshots.append(Snapshot(at, counts, counts, WALL + at, {"main": paused} if paused else {}))
        for source in ("redis", "board"):
            there = shown.get(source, found)
            self.readings.append(Reading(at - 0.1, source, "main", there, self.snapshots[-1]))

    def evidence(self) -> Evidence:
        """All of it."""
        polls = {"main": MAIN}
        return Evidence(self.attempts, polls, self.ballots, self.snapshots, self.readings, self.faults)


def sound() -> Told:
    """Thirty voters, each with a ballot; one of them is refused a third pick; a look at the end."""
    told = Told()
    for number in range(30):
        told.cast(f"v{number}", "k", "ABC"[number % 3])
    told.cast("v0", "k2", "B")
    told.ask("v0", "k3", "C", 409, 2.0, code="quota_exhausted")
    return told


def judged(told: Told) -> list[Violation]:
    if not told.snapshots:
        told.look(3.0)
    return check(told.evidence())


def test_a_sound_run_passes() -> None:
    assert judged(sound()) == []


def test_a_run_that_saw_nothing_is_no_evidence() -> None:
    assert named(check(Told().evidence())) == {"run"}


def test_i1_a_lost_ballot_another_id_and_other_picks_are_found() -> None:
    for told, words in ((sound(), "is not there"), (sound(), "is stored"), (sound(), "stored with C")):
        told.ask("w", "k", "A", 201, 2.0)
        if words == "is stored":
            told.store("w", "k", "A", 2.0, id="b-other")
        if words == "stored with C":
            told.store("w", "k", "C", 2.0)
        found = judged(told)
        assert named(found) == {"I1"}, found
        assert words in found[0].cases[0]


def test_i2_an_overrun_and_a_wrong_refusal_are_found() -> None:
    told = sound()
    told.cast("v0", "k4", "C")
    assert named(judged(told)) == {"I2"}
    told = sound()
    told.ask("v1", "k2", "A", 409, 2.0, code="quota_exhausted")
    found = judged(told)
    assert named(found) == {"I2"}
    assert "would have fitted" in found[0].cases[0]


def test_i3_keys_that_do_not_hold_are_found() -> None:
    other_answer, other_body, refused, reused, stranger = (sound() for _ in range(5))
    other_answer.ask("v1", "k", "B", 201, 2.0, digest="other")
    other_body.ask("v1", "k", "C", 201, 2.0, ballot="b-v1-k", digest="d-b-v1-k")
    refused.ask("v1", "k", "B", 409, 2.0, code="contest_paused")
    reused.ask("v9", "k7", "B", 422, 2.0, code="key_reused")
    stranger.store("v9", "never sent", "B")
    for told in (other_answer, other_body, refused, reused, stranger):
        assert named(judged(told)) == {"I3"}
    fine = sound()
    fine.ask("v1", "k", "C", 422, 2.0, code="key_reused")
    fine.ask("v1", "k", "B", 503, 2.0, retry_after="1")
    assert judged(fine) == []


def test_i4_drift_at_any_snapshot_is_found() -> None:
    told = sound()
    told.look(2.0)
    wrong = {**told.snapshots[0].tally, ("main", "A"): (12, 0, 11)}
    told.snapshots.insert(0, replace(told.snapshots[0], at=1.5, tally=wrong))
    assert named(check(told.evidence())) == {"I4"}


def test_i4_a_recount_that_is_not_that_of_the_ballots_is_found() -> None:
    told = sound()
    told.look(2.0)
    told.store("v1", "k2", "A", 2.5)
    told.ask("v1", "k2", "A", 201, 2.5)
    assert named(check(told.evidence())) == {"I4"}


def test_i5_above_is_found_at_once_and_behind_after_five_seconds() -> None:
    told = sound()
    told.look(2.0, redis={"A": 11, "B": 11, "C": 10}, board={})
    assert named(judged(told)) == {"I5"}
    for behind in ({"A": 9, "B": 11, "C": 10}, None):
        told = sound()
        told.look(2.0, redis=None, board={})
        assert judged(told) == [] or named(judged(told)) == {"run"}, "it has five seconds"
        told.look(8.0, redis=behind)
        assert "I5" in named(judged(told))
        told.faults.append(Fault("redis_gone", 4.0, 5.0, "never", 0.1))
        assert "I5" not in named(judged(told)), "five seconds from the fault's end"


def test_i6_what_strangers_got_is_found() -> None:
    told = sound()
    told.ask("", "x", "A", 201, 2.0, right=False)
    assert named(judged(told)) == {"I6"}
    told = sound()
    told.store("unknown 0a", "k", "A")
    assert "I6" in named(judged(told))


def test_i7_ballots_outside_and_refusals_inside_are_found() -> None:
    before, after, late, early, closed = (sound() for _ in range(5))
    before.cast("w", "k", "A", at=-101.0)
    after.cast("w", "k", "A", at=100.0)
    late.ask("w", "k", "A", 201, 101.0)
    late.store("w", "k", "A", 99.9)
    early.ask("w", "k", "A", 409, 1.0, code="window_not_open")
    closed.ask("w", "k", "A", 409, 99.0, code="window_closed")
    for told in (before, after, late, early, closed):
        assert named(judged(told)) == {"I7"}, judged(told)
    fine = sound()
    fine.ask("w", "k", "A", 409, -101.0, code="window_not_open")
    fine.ask("w", "k", "A", 409, 101.0, code="window_closed")
    assert judged(fine) == []


@pytest.mark.parametrize(("first", "second", "found"), [(7, 7, {"I7"}), (7, 9, set()), (0, 7, set()), (7, 0, set())])
def test_i7_what_a_pause_lets_in_is_found(first: int, second: int, found: set[str]) -> None:
    told = sound()
    told.look(2.0, paused=first)
    told.cast("w", "k", "A", 2.1)
    told.look(3.0, paused=second)
    assert named(judged(told)) == found


@pytest.mark.parametrize(
    ("before", "fault", "found"), [(101.5, None, {"I7"}), (100.5, None, set()), (101.5, 99.0, set())]
)
def test_i7_what_is_committed_long_after_the_end_is_found(before: float, fault: float | None, found: set[str]) -> None:
    told = sound()
    if fault is not None:
        told.faults.append(Fault("x", fault, fault + 0.5, "never", 1.0))
    told.look(before)
    told.cast("w", "k", "A", 99.9)
    told.look(before + 1)
    assert named(judged(told)) == found


@pytest.mark.parametrize(
    ("mute", "begun", "excused"),
    [("always", 9.0, True), ("never", 9.0, False), ("late", 9.0, True), ("late", 11.0, False), ("always", 99.0, False)],
)
def test_i8_an_answer_is_owed_unless_the_fault_was_the_clients_own(mute: Mute, begun: float, excused: bool) -> None:
    for lost_after in (0.2, DEADLINE_SECONDS + 1):
        told = sound()
        told.ask("w", "k", "A", 0, 10.0, lost="ConnectionResetError", mono=10.0 + lost_after)
        attempt = told.attempts[-1]
        assert attempt.answer
        sent = msgspec.structs.replace(attempt.sent, mono=10.0)
        answer = msgspec.structs.replace(attempt.answer, mono=10.0 + lost_after)
        told.attempts[-1] = Attempt(sent, answer)
        told.faults.append(Fault("x", begun, begun + 1, mute, 0.5))
        assert named(judged(told)) == (set() if excused else {"I8"})


def test_i8_no_answer_is_owed_behind_one_that_closes_the_connection() -> None:
    told = sound()
    told.ask("w", "k", "A", 0, 10.0, lost=NOT_READ)
    assert judged(told) == []


def test_i8_a_late_answer_and_a_refusal_without_retry_after_are_found() -> None:
    for status, retry_after in ((503, ""), (429, "soon")):
        told = sound()
        told.ask("w", "k", "A", status, 2.0, retry_after=retry_after)
        assert named(judged(told)) == {"I8"}
    told = sound()
    told.attempts.append(Attempt(msgspec.structs.replace(told.attempts[0].sent, id="open", key="k9"), None))
    assert named(judged(told)) == {"I8"}


def test_i11_and_i13_are_told_apart_by_what_was_beside() -> None:
    alone = sound()
    alone.ask("w", "k", "A", 500, 2.0, code="internal")
    assert named(judged(alone)) == {"I11"}
    alone.ask("w", "", "", 400, 2.5, sound=False, code="malformed")
    assert named(judged(alone)) == {"I13"}
    bad = sound()
    bad.ask("w", "", "", 500, 2.0, sound=False)
    assert named(judged(bad)) == {"I11"}
    mistaken = sound()
    mistaken.ask("w", "k", "A", 400, 2.0, code="malformed")
    assert named(judged(mistaken)) == {"I13"}


def test_i14_what_did_not_come_back_is_found() -> None:
    told = sound()
    told.faults.append(Fault("worker_kill", 1.0, 1.1, "always", None))
    assert named(judged(told)) == {"I14"}


def test_every_invariant_is_explained_and_a_violation_says_all() -> None:
    assert all(INVARIANTS.values())
    assert str(Violation("I1", "lost", ("a", "b"), 7)) == "I1: lost (7): a; b"


def test_the_witness_keeps_what_was_under_way_when_its_client_died(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    attempts: Sequence[Attempt] = sound().attempts
    with ClientLog(path) as log:
        for attempt in attempts[:3]:
            assert attempt.answer
            log.write(attempt.sent)
            log.write(attempt.answer)
        log.write(attempts[3].sent)
    with path.open("ab") as file:
        file.write(b'{"type":"sent","id":"cut sho')
    assert read([path]) == [*attempts[:3], Attempt(attempts[3].sent, None)]
