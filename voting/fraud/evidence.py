"""The evidence of a judgement that was made online: what a reviewer is shown."""

from __future__ import annotations

from collections.abc import Mapping

from voting.fraud.facts.facts import Counts, Facts
from voting.fraud.online.signals import Signal, crowd, own
from voting.fraud.policy import Online
from voting.fraud.reasons.findings import Evidence

# What the value of a signal is, where it is no count of ballots.
_VALUES = {"T1": "reading", "A1": "age", "C2": "contradictions"}
_COUNTS = ("N2", "T5", "C3", "C4")


def online(entry: str, facts: Facts, policy: Online) -> tuple[Evidence, ...]:
    """The evidence that `judge` found in a ballot for this entry, by code; keys are as opaque as the facts' are."""
    counts = facts.counts or Counts()
    signals = [*own(facts, counts, policy), *crowd(counts, policy)]
    return tuple(_evidence(signal, entry, facts) for signal in sorted(signals))


def _evidence(signal: Signal, entry: str, facts: Facts) -> Evidence:
    counted = signal.code in _COUNTS
    name = _VALUES.get(signal.code)
    return Evidence(
        code=signal.code,
        key=_key(signal.code, entry, facts),
        count=int(signal.value) if counted else 1,
        expected=signal.expected,
        surprise=signal.surprise,
        profile={name: signal.value} if name else {},
    )


def _key(code: str, entry: str, facts: Facts) -> Mapping[str, str]:
    """What the counted ballots have in common."""
    parts = {
        "entry": entry,
        "prefix": facts.prefix,
        "fingerprint": f"{facts.fingerprint:016x}",
        "device": facts.device,
    }
    names = {
        "N2": ("prefix", "fingerprint"),
        "T5": ("entry", "prefix", "fingerprint"),
        "C3": ("entry", "fingerprint"),
        "C4": ("device",),
    }
    return {name: value for name in names.get(code, ("entry",)) if (value := parts[name]) is not None}
