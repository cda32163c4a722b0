"""Groups ready for JSON: figures, evidence and effect, with what they say in both languages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import tzinfo
from typing import Any

import msgspec

from voting.domain.language import Language
from voting.fraud.groups.rank_impact import Effect, in_words
from voting.fraud.reasons.findings import Evidence
from voting.fraud.reasons.reasons import REASONS, details, explain
from voting.services.fraud.review import Estimated, File, Reviewed

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def as_json(found: Reviewed, zone: tzinfo) -> dict[str, Any]:
    """A group in a list."""
    group = found.group
    return {
        "group": group.id,
        "state": group.state,
        "version": group.version,
        "stage": group.stage,
        "reasons": list(group.reasons),
        "ballots": group.ballots,
        "entries": group.entries,
        "needs_two": found.needs_two,
        "proposal": asdict(group.proposal) if group.proposal else None,
        "decided_by": group.decided_by,
        "effect": _effect(found.effect, group.entries),
        "evidence": [
            msgspec.to_builtins(each) | {"words": {language: words(each, language) for language in LANGUAGES}}
            for each in found.evidence
        ],
        "policy_version": group.policy_version,
        "policy_sha256": group.policy_sha256,
        "found_at": group.found_at.astimezone(zone),
        "changed_at": group.changed_at.astimezone(zone),
    }


def file_as_json(found: File, zone: tzinfo) -> dict[str, Any]:
    """All about a group."""
    return as_json(found.reviewed, zone) | {
        "clients": [kind._asdict() for kind in found.clients],
        "sample": [
            {
                "ballot": str(each.id),
                "recorded_at": each.recorded_at.astimezone(zone),
                "state": each.state,
                "reasons": list(each.reasons),
                "entries": list(each.picks),
            }
            for each in found.sample
        ],
        "rulings": [asdict(each) | {"at": each.at.astimezone(zone)} for each in found.rulings],
    }


def estimate_as_json(found: Estimated) -> dict[str, Any]:
    """An excess, with the effect of its upper end."""
    return found.excess._asdict() | {"effect": _effect(found.effect, {found.excess.entry: found.most}, found.most)}


def _effect(found: Effect, picks: Mapping[str, int], estimate: int | None = None) -> dict[str, Any]:
    return {
        "shifts": [shift._asdict() for shift in found.shifts],
        "words": {language: in_words(found.shifts, picks, language, estimate) for language in LANGUAGES},
    }


def words(evidence: Evidence, language: Language) -> str:
    """The evidence as a sentence; a code of a newer policy by its figures."""
    if evidence.code in REASONS:
        return explain(evidence, language)
    return f"{evidence.code}: {evidence.count} ({evidence.expected:.3g} expected)"


def together(found: Reviewed, language: Language) -> str:
    """What is remarkable of the group's ballots as a whole, said once."""
    profile = {name: value for each in found.evidence for name, value in each.profile.items()}
    return ("；" if language == "zh" else "; ").join(details(profile, language))


def alone(evidence: Evidence, language: Language) -> str:
    """The evidence as a sentence, without what is said of the whole group."""
    return words(msgspec.structs.replace(evidence, profile={}), language)
