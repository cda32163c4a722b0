"""Checks the evidence of a run: which invariants did not hold. Pure, with tests of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from loadtests.faults import answers, counts
from loadtests.faults.evidence import Evidence, Violation, violations

INVARIANTS = {
    "I1": "a ballot answered 201 is stored under that id, with those picks",
    "I2": "no voter has more counted picks than the quota, and none is refused for a quota that has room",
    "I3": "the same key gives the same ballot and the same answer; with another body it is refused",
    "I4": "the tally equals the recount of the ballots, at every snapshot",
    "I5": "Redis and the board equal PostgreSQL within five seconds of a fault's end, and are never above it",
    "I6": "no 2xx for a caller without the right",
    "I7": "the window by the database's clock: none counted outside or in a pause, none refused inside",
    "I8": "every request is answered inside its deadline; refusals are 429 or 503 with Retry-After",
    "I11": "no input gives a 5xx other than a deliberate 503",
    "I13": "a bad request fails alone",
    "I14": "whatever dies comes back without a manual step",
    "run": "the run is evidence at all",
}
LEAST_ACCEPTED = 20


def check(evidence: Evidence) -> list[Violation]:
    """All violations, in the order of the invariants."""
    found = [*answers.check(evidence), *counts.check(evidence), *_recoveries(evidence), *_void(evidence)]
    order = list(INVARIANTS)
    return sorted(found, key=lambda each: order.index(each.invariant))


def _recoveries(evidence: Evidence) -> Iterator[Violation]:
    stuck = (
        f"after {fault.kind} of {fault.ended - fault.begun:.1f} s {fault.note}"
        for fault in evidence.faults
        if fault.recovered is None
    )
    return violations(("I14", "it did not recover by itself", stuck))


def _void(evidence: Evidence) -> Iterator[Violation]:
    """A run that shows too little is no evidence."""
    accepted = sum(attempt.status == 201 for attempt in evidence.attempts)
    checks = {
        f"{accepted} ballots were accepted": accepted < LEAST_ACCEPTED,
        "no snapshot of the tally": not evidence.snapshots,
        "nothing read of Redis": not any(each.source == "redis" and each.picks for each in evidence.readings),
        "nothing read of the board": not any(each.source == "board" for each in evidence.readings),
        "no role was refused": not any(400 <= each.status < 500 for each in evidence.attempts),
    }
    return violations(("run", "this run proves nothing", (what for what, wrong in checks.items() if wrong)))


def named(violations: Iterable[Violation]) -> set[str]:
    """The invariants that did not hold."""
    return {violation.invariant for violation in violations}
