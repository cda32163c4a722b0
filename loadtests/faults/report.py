"""The report of a run for people, and its figures for machines."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from loadtests.faults.campaign import Outcome
from loadtests.faults.client_log import Attempt
from loadtests.faults.evidence import Fault
from loadtests.report import RESULTS, save


def lines(outcome: Outcome, seed: int) -> list[str]:
    """One line for the run, and one for each violation."""
    evidence = outcome.evidence
    head = (
        f"seed {seed}: {outcome.accepted} ballots acknowledged of {len(evidence.attempts)} attempts, "
        f"{len(evidence.faults)} faults, {len(evidence.snapshots)} snapshots, "
        f"{len(outcome.violations)} violations, {outcome.seconds:.0f} s"
    )
    return [head, *(f"  {violation}" for violation in outcome.violations)]


def save_runs(found: Sequence[tuple[int, Outcome]]) -> Path:
    """Writes the figures of all runs; returns the path."""
    path = RESULTS / f"faults-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.json"
    save(path, {"runs": [figures(*each) for each in found]})
    return path


def figures(seed: int, outcome: Outcome) -> dict[str, object]:
    """The figures of one run."""
    evidence = outcome.evidence
    recovered: defaultdict[str, list[float | None]] = defaultdict(list)
    for fault in evidence.faults:
        recovered[fault.kind].append(None if fault.recovered is None else round(fault.recovered, 2))
    answered = sorted(each.seconds for each in evidence.attempts if each.status)
    return {
        "seed": seed,
        "seconds": round(outcome.seconds, 1),
        "acknowledged": outcome.accepted,
        "stored": len(evidence.ballots),
        "attempts": len(evidence.attempts),
        "answers": _answers(evidence.attempts),
        "longest_seconds": round(answered[-1], 2) if answered else None,
        "snapshots": len(evidence.snapshots),
        "readings": len(evidence.readings),
        "faults": len(evidence.faults),
        "recovered_seconds": recovered,
        "ballots_during": _during(evidence.attempts, evidence.faults),
        "violations": [str(each) for each in outcome.violations],
    }


def _answers(attempts: Iterable[Attempt]) -> dict[str, dict[str, int]]:
    """By role, the number of each status; for lost answers, how they were lost."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for attempt in attempts:
        found[attempt.sent.role][_ending(attempt)] += 1
    return {role: dict(endings) for role, endings in found.items()}


def _during(attempts: Sequence[Attempt], faults: Iterable[Fault]) -> dict[str, dict[str, int]]:
    """By kind of fault, the answers to well-formed ballots sent during it."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    ballots = [each for each in attempts if each.sent.key and each.sent.right and each.sent.sound]
    for fault in faults:
        found[fault.kind].update(_ending(each) for each in ballots if fault.begun <= each.sent.mono < fault.ended)
    return {kind: dict(endings) for kind, endings in found.items()}


def _ending(attempt: Attempt) -> str:
    if attempt.answer is None:
        return "under way"
    return str(attempt.status) if attempt.status else f"lost: {attempt.answer.lost}"
