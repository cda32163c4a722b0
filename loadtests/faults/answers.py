"""Checks answers against what is stored (I1, I3, I6, I7, I8, I11, I13)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property

from loadtests.faults.client_log import NO_ANSWER, Attempt, Sent
from loadtests.faults.evidence import Evidence, Fault, Stored, Violation, violations
from loadtests.http import NOT_READ

DEADLINE_SECONDS = 15.0
# An attempt may have been hit by a fault or another request within this time.
NEAR_SECONDS = 1.0
# The difference of clock readings in two processes.
CLOCK_SECONDS = 0.05
# A request that arrives while a worker ends may find its connection closed as idle.
CLOSING_SECONDS = 0.5
Key = tuple[str, str, str]


class _Case:
    """The evidence by key: (contest, voter, idempotency key)."""

    def __init__(self, evidence: Evidence) -> None:
        self.evidence = evidence
        self.attempts = evidence.attempts

    @cached_property
    def keys(self) -> dict[Key, list[Attempt]]:
        """Well-formed attempts of callers with the right to vote."""
        found: defaultdict[Key, list[Attempt]] = defaultdict(list)
        for attempt in self.attempts:
            if attempt.sent.key and attempt.sent.right and attempt.sent.sound:
                found[_key(attempt.sent)].append(attempt)
        return found

    @cached_property
    def stored(self) -> dict[Key, Stored]:
        return {(each.contest, each.voter, each.key): each for each in self.evidence.ballots}

    def near(self, attempt: Attempt) -> Iterator[Fault]:
        """The faults that may have hit it."""
        begun = attempt.sent.mono
        ended = begun + max(attempt.seconds, DEADLINE_SECONDS if attempt.answer is None else 0)
        for fault in self.evidence.faults:
            if begun < fault.ended + (fault.recovered or 0) + NEAR_SECONDS and ended > fault.begun - NEAR_SECONDS:
                yield fault

    def excused(self, attempt: Attempt) -> bool:
        """Whether a fault may have kept the answer from this client."""
        return any(
            fault.mute == "always" or (fault.mute == "late" and attempt.sent.mono > fault.begun - CLOSING_SECONDS)
            for fault in self.near(attempt)
        )


def check(evidence: Evidence) -> Iterator[Violation]:
    """Violations in answers."""
    case = _Case(evidence)
    return violations(
        ("I1", "answered 201 and not stored like that", _unstored(case)),
        ("I3", "one key, several answers", _several_answers(case)),
        ("I3", "a recorded key was refused or accepted with another body", _broken_keys(case)),
        ("I3", "stored, and no client sent it", _strangers(case)),
        ("I6", "answered 2xx without the right", _without_right(case)),
        ("I6", "a ballot without a credential", _unknown_voters(case)),
        ("I7", "counted outside the window", _outside(case)),
        ("I7", "refused inside the window", _refused_inside(case)),
        ("I8", "no answer inside the deadline", _late(case)),
        ("I8", "no answer at all", _unanswered(case)),
        ("I8", "a refusal without Retry-After", _without_retry_after(case)),
        ("I11", "5xx other than 503", _errors(case, beside_bad=False)),
        ("I13", "a good request failed beside a bad one", _errors(case, beside_bad=True)),
        ("I13", "a good request was refused as a bad one", _mistaken(case)),
    )


def _unstored(case: _Case) -> Iterator[str]:
    for key, attempts in case.keys.items():
        for attempt in attempts:
            if attempt.answer is None or attempt.status != 201:
                continue
            ballot = case.stored.get(key)
            if ballot is None:
                yield f"{_named(attempt)} is not there"
            elif ballot.id != attempt.answer.ballot:
                yield f"{_named(attempt)} was answered {attempt.answer.ballot}, and {ballot.id} is stored"
            elif sorted(ballot.picks) not in [sorted(each.sent.picks) for each in attempts]:
                yield f"{_named(attempt)} is stored with {','.join(ballot.picks)}"


def _several_answers(case: _Case) -> Iterator[str]:
    for attempts in case.keys.values():
        answers = {each.answer.digest for each in attempts if each.answer and each.status == 201}
        if len(answers) > 1:
            yield f"{_named(attempts[0])}: {len(answers)} different answers 201"


def _broken_keys(case: _Case) -> Iterator[str]:
    for key, attempts in case.keys.items():
        accepted = [each for each in attempts if each.status == 201]
        bodies = {tuple(sorted(each.sent.picks)) for each in attempts}
        if len({tuple(sorted(each.sent.picks)) for each in accepted}) > 1:
            yield f"{_named(attempts[0])} was accepted with several bodies"
        yield from _refused_keys(case, key, attempts, accepted, bodies)


def _refused_keys(
    case: _Case, key: Key, attempts: Sequence[Attempt], accepted: Sequence[Attempt], bodies: set[tuple[str, ...]]
) -> Iterator[str]:
    stands = min((each.answer.mono for each in accepted if each.answer), default=float("inf"))
    for attempt in attempts:
        if attempt.status in (NO_ANSWER, 201, 429, 503):
            continue
        same = accepted and sorted(attempt.sent.picks) == sorted(accepted[0].sent.picks)
        if same and attempt.sent.mono > stands and attempt.status < 500:
            yield f"{_named(attempt)} is recorded, and was answered {attempt.status} {_code(attempt)}"
        elif _code(attempt) == "key_reused" and len(bodies) == 1:
            yield f"{_named(attempt)} was told that its key belongs to another ballot"


def _strangers(case: _Case) -> Iterator[str]:
    sent = {_key(attempt.sent) for attempt in case.attempts}
    for key, ballot in case.stored.items():
        if key not in sent:
            yield f"ballot {ballot.id} of {ballot.voter} under key {ballot.key}"


def _without_right(case: _Case) -> Iterator[str]:
    for attempt in case.attempts:
        if not attempt.sent.right and 200 <= attempt.status < 300:
            yield f"{attempt.sent.role} {attempt.sent.id}: {attempt.status}"


def _unknown_voters(case: _Case) -> Iterator[str]:
    known = {attempt.sent.voter for attempt in case.attempts if attempt.sent.right}
    for ballot in case.evidence.ballots:
        if ballot.voter not in known:
            yield f"ballot {ballot.id} of {ballot.voter}"


def _outside(case: _Case) -> Iterator[str]:
    for ballot in case.evidence.ballots:
        poll = case.evidence.polls[ballot.contest]
        if not poll.opens <= ballot.recorded < poll.closes:
            yield f"ballot {ballot.id} recorded {_beside(ballot.recorded, poll.opens, poll.closes)}"
    for (contest, _, _), attempts in case.keys.items():
        poll = case.evidence.polls[contest]
        accepted = [each.answer.wall for each in attempts if each.answer and each.status == 201]
        if accepted and min(accepted) < poll.opens - CLOCK_SECONDS:
            yield f"{_named(attempts[0])} accepted {poll.opens - min(accepted):.2f} s before the window"
        if accepted and min(each.sent.wall for each in attempts) > poll.closes + CLOCK_SECONDS:
            yield f"{_named(attempts[0])} first sent after the window, and accepted"


def _refused_inside(case: _Case) -> Iterator[str]:
    for attempt in case.attempts:
        poll = case.evidence.polls.get(attempt.sent.contest)
        if poll is None or attempt.answer is None:
            continue
        early = _code(attempt) == "window_not_open" and attempt.sent.wall > poll.opens + CLOCK_SECONDS
        late = _code(attempt) == "window_closed" and attempt.answer.wall < poll.closes - CLOCK_SECONDS
        if early or late:
            where = _beside(attempt.sent.wall, poll.opens, poll.closes)
            yield f"{_named(attempt)} was told {_code(attempt)}, sent {where}"


def _late(case: _Case) -> Iterator[str]:
    for attempt in case.attempts:
        if attempt.seconds > DEADLINE_SECONDS and not case.excused(attempt):
            yield f"{_named(attempt)}: {attempt.status} after {attempt.seconds:.1f} s"


def _unanswered(case: _Case) -> Iterator[str]:
    for attempt in case.attempts:
        if attempt.answer and attempt.answer.lost == NOT_READ:
            continue
        if attempt.status == NO_ANSWER and attempt.seconds <= DEADLINE_SECONDS and not case.excused(attempt):
            why = attempt.answer.lost if attempt.answer else "under way at the end"
            yield f"{_named(attempt)} at {attempt.sent.mono:.2f}: {why} after {attempt.seconds:.2f} s"


def _without_retry_after(case: _Case) -> Iterator[str]:
    for attempt in case.attempts:
        if attempt.answer and attempt.status in (429, 503) and not attempt.answer.retry_after.isdecimal():
            yield f"{_named(attempt)}: {attempt.status} with Retry-After {attempt.answer.retry_after!r}"


def _errors(case: _Case, *, beside_bad: bool) -> Iterator[str]:
    bad = [each for each in case.attempts if not each.sent.sound]
    for attempt in case.attempts:
        if attempt.status < 500 or attempt.status == 503:
            continue
        faulty = any(case.near(attempt))
        met = attempt.sent.sound and not faulty and any(_meet(attempt, each) for each in bad)
        if met == beside_bad:
            yield f"{_named(attempt)}: {attempt.status} {_code(attempt)}"


def _mistaken(case: _Case) -> Iterator[str]:
    for attempt in case.attempts:
        if attempt.sent.sound and attempt.status in (400, 404, 405, 408, 413, 415, 431):
            yield f"{_named(attempt)}: {attempt.status} {_code(attempt)}"


def _meet(one: Attempt, other: Attempt) -> bool:
    return (
        one.sent.mono < other.sent.mono + other.seconds + NEAR_SECONDS
        and other.sent.mono < one.sent.mono + one.seconds + NEAR_SECONDS
    )


def _key(sent: Sent) -> Key:
    return sent.contest, sent.voter, sent.key


def _code(attempt: Attempt) -> str:
    return attempt.answer.code if attempt.answer else ""


def _named(attempt: Attempt) -> str:
    sent = attempt.sent
    return f"{sent.role} {sent.id} ({sent.voter or 'nobody'}, key {sent.key or '-'})"


def _beside(moment: float, opens: float, closes: float) -> str:
    if moment < opens:
        return f"{opens - moment:.3f} s before it opens"
    return f"{moment - closes:.3f} s past its end" if moment >= closes else f"{moment - opens:.3f} s after it opened"
