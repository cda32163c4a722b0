"""Checks quotas, the tally, Redis and the board (I2, I4, I5, I7)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from loadtests.faults.evidence import Evidence, Fault, Poll, Reading, Rule, Snapshot, Stored, Violation, violations

HEAL_SECONDS = 5.0
COMMIT_SECONDS = 1.0
# The board shows all recorded picks until certification; counted ones are read from Redis.
_FIGURE = {"redis": 2, "board": 0}


def check(evidence: Evidence) -> Iterator[Violation]:
    """Violations in counts."""
    return violations(
        ("I2", "more than the quota", _overrun(evidence)),
        ("I2", "refused for a quota that has room", _refused(evidence)),
        ("I4", "the tally is not the recount", _drift(evidence)),
        ("I4", "the recount is not that of the ballots", _recount(evidence)),
        ("I7", "recorded while paused", _in_a_pause(evidence)),
        ("I7", "recorded after the window's end", _after_the_end(evidence)),
        ("I5", "shown above PostgreSQL", _above(evidence)),
        ("I5", "not equal to PostgreSQL in time", _behind(evidence)),
    )


def _overrun(evidence: Evidence) -> Iterator[str]:
    for (contest, voter), ballots in _voters(evidence).items():
        for rule, scope, count in _used(evidence.polls[contest], ballots):
            if count > rule.picks:
                yield f"{voter} has {count} picks of {rule.picks} per {rule.per} {scope}"


def _refused(evidence: Evidence) -> Iterator[str]:
    """Quotas are of the whole window: what fits beside all that is stored at the end fitted at any time before."""
    voters = _voters(evidence)
    for attempt in evidence.attempts:
        sent = attempt.sent
        if not attempt.answer or attempt.answer.code != "quota_exhausted" or sent.contest not in evidence.polls:
            continue
        poll = evidence.polls[sent.contest]
        others = [each for each in voters.get((sent.contest, sent.voter), []) if each.key != sent.key]
        asked = Stored(sent.contest, sent.voter, sent.key, "", sent.picks, "count", 0.0)
        if all(count <= rule.picks for rule, _, count in _used(poll, [*others, asked])):
            yield f"{sent.role} {sent.id} ({sent.voter}): {','.join(sent.picks)} would have fitted"


def _drift(evidence: Evidence) -> Iterator[str]:
    for snapshot in evidence.snapshots:
        for contest, entry in sorted(snapshot.tally.keys() | snapshot.recount.keys()):
            tally = snapshot.tally.get((contest, entry), (0, 0, 0))
            recount = snapshot.recount.get((contest, entry), (0, 0, 0))
            if tally != recount:
                yield f"at {snapshot.at:.2f} {contest} {entry}: tally {tally}, ballots {recount}"


def _recount(evidence: Evidence) -> Iterator[str]:
    """The database counts the ballots of each snapshot; those of the last are counted here again."""
    if not evidence.snapshots:
        return
    counted: Counter[tuple[str, str]] = Counter()
    for ballot in evidence.ballots:
        counted.update((ballot.contest, entry) for entry in ballot.picks)
    last = {place: counts[0] for place, counts in evidence.snapshots[-1].recount.items()}
    for place in sorted(last.keys() | counted.keys()):
        if last.get(place, 0) != counted[place]:
            yield f"{place}: the last snapshot has {last.get(place, 0)}, the ballots have {counted[place]}"


def _in_a_pause(evidence: Evidence) -> Iterator[str]:
    for before, after in pairwise(evidence.snapshots):
        for contest, revision in before.paused.items():
            if after.paused.get(contest) == revision and (more := _grown(contest, before, after)):
                yield f"{contest}: {more} picks more, between {before.at:.2f} and {after.at:.2f}"


def _after_the_end(evidence: Evidence) -> Iterator[str]:
    """Ballots that were let in before the end are committed soon after it, unless a fault keeps them."""
    for before, after in pairwise(evidence.snapshots):
        for contest, poll in evidence.polls.items():
            ended = before.at - (before.wall - poll.closes)
            faulty = any(fault.begun < after.at and _over(fault) > ended for fault in evidence.faults)
            if before.at > ended + COMMIT_SECONDS and not faulty and (more := _grown(contest, before, after)):
                yield f"{contest}: {more} picks more, {before.at - ended:.2f} to {after.at - ended:.2f} s after it"


def _grown(contest: str, before: Snapshot, after: Snapshot) -> int:
    total = [sum(counts[0] for (id, _), counts in each.recount.items() if id == contest) for each in (before, after)]
    return total[1] - total[0]


def _over(fault: Fault) -> float:
    return fault.ended + (fault.recovered or 0.0)


def _above(evidence: Evidence) -> Iterator[str]:
    for reading in evidence.readings:
        for entry, picks in (reading.picks or {}).items():
            truth = _truth(reading, entry)
            if picks > truth:
                yield f"{reading.source} at {reading.at:.2f}: {entry} {picks}, PostgreSQL afterwards {truth}"


def _behind(evidence: Evidence) -> Iterator[str]:
    """Away from faults, a reading has what PostgreSQL had five seconds before."""
    times = [snapshot.at for snapshot in evidence.snapshots]
    for reading in evidence.readings:
        past = bisect_right(times, reading.at - HEAL_SECONDS) - 1
        if past < 0 or not _quiet(evidence, reading):
            continue
        before = evidence.snapshots[past]
        for behind in _missing(reading, before):
            yield f"{reading.source} at {reading.at:.2f}: {behind}"


def _missing(reading: Reading, before: Snapshot) -> Iterator[str]:
    if reading.away or reading.picks is None:
        yield "cannot be asked" if reading.away else "does not hold the whole tally"
        return
    for (contest, entry), counts in before.recount.items():
        expected = counts[_FIGURE[reading.source]]
        if contest == reading.contest and reading.picks.get(entry, 0) < expected:
            yield f"{entry} {reading.picks.get(entry, 0)}, PostgreSQL had {expected} at {before.at:.2f}"


def _quiet(evidence: Evidence, reading: Reading) -> bool:
    return not any(
        fault.begun < reading.at + 1 and fault.ended > reading.at - HEAL_SECONDS for fault in evidence.faults
    )


def _truth(reading: Reading, entry: str) -> int:
    return reading.after.recount.get((reading.contest, entry), (0, 0, 0))[_FIGURE[reading.source]]


def _voters(evidence: Evidence) -> dict[tuple[str, str], list[Stored]]:
    found: defaultdict[tuple[str, str], list[Stored]] = defaultdict(list)
    for ballot in evidence.ballots:
        if ballot.state != "void":
            found[ballot.contest, ballot.voter].append(ballot)
    return found


def _used(poll: Poll, ballots: Sequence[Stored]) -> Iterator[tuple[Rule, str, int]]:
    picks = [entry for ballot in ballots for entry in ballot.picks]
    for rule in poll.rules:
        scopes = Counter("" if rule.per == "contest" else _scope(poll, rule, entry) for entry in picks)
        for scope, count in scopes.items():
            yield rule, scope, count


def _scope(poll: Poll, rule: Rule, entry: str) -> str:
    return entry if rule.per == "entry" else poll.entries.get(entry, "")
