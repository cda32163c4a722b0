"""Groups ready for JSON: figures, evidence and effect, with sentences in both languages."""

from __future__ import annotations

from dataclasses import asdict
from datetime import tzinfo
from typing import Any

import msgspec

from voting.domain.language import Language
from voting.fraud.groups.rank_impact import in_words
from voting.fraud.reasons.findings import Evidence
from voting.fraud.reasons.reasons import REASONS, details, explain
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.review import File, Reviewed, Reviews

LANGUAGES: tuple[Language, ...] = ("zh", "en")


def as_json(reviewed: Reviewed, zone: tzinfo) -> dict[str, Any]:
    """Returns a group as in a list."""
    group = reviewed.group
    return {
        "group": group.id,
        "state": group.state,
        "version": group.version,
        "stage": group.stage,
        "reasons": list(group.reasons),
        "ballots": group.ballots,
        "entries": group.entries,
        "needs_two": reviewed.needs_two,
        "voters": reviewed.voters.voters,
        "established_voters": reviewed.voters.established,
        "proposal": asdict(group.proposal) if group.proposal else None,
        "decided_by": group.decided_by,
        "effect": {
            "shifts": [shift._asdict() for shift in reviewed.effect.shifts],
            "words": {language: effect_in_words(reviewed, language) for language in LANGUAGES},
        },
        "evidence": [
            msgspec.to_builtins(each) | {"words": {language: words(each, language) for language in LANGUAGES}}
            for each in reviewed.evidence
        ],
        "policy_version": group.policy_version,
        "policy_sha256": group.policy_sha256,
        "found_at": group.found_at.astimezone(zone),
        "changed_at": group.changed_at.astimezone(zone),
    }


async def undecided_as_json(reviews: Reviews, snapshot: ContestSnapshot) -> list[dict[str, Any]]:
    """Returns the groups that wait for a decision, the greatest effect on the ranking first, as in a short list."""
    return [
        {
            "group": each.group.id,
            "entries": sorted(each.group.entries, key=lambda entry: -each.group.entries[entry]),
            "ballots": each.group.ballots,
            "waiting": each.group.proposal is not None,
            "effect": {language: effect_in_words(each, language) for language in LANGUAGES},
        }
        for each in await reviews.all(snapshot)
        if each.group.state == "open"
    ]


def file_as_json(file: File, zone: tzinfo) -> dict[str, Any]:
    """Returns a group with all details."""
    return as_json(file.reviewed, zone) | {
        "clients": [kind._asdict() for kind in file.clients],
        "tiers": file.tiers,
        "sample": [
            {
                "ballot": str(each.id),
                "recorded_at": each.recorded_at.astimezone(zone),
                "state": each.state,
                "reasons": list(each.reasons),
                "entries": list(each.picks),
            }
            for each in file.sample
        ],
        "rulings": [asdict(ruling) | {"at": ruling.at.astimezone(zone)} for ruling in file.rulings],
    }


def effect_in_words(reviewed: Reviewed, language: Language) -> str:
    """Returns a group's effect on the ranking as a sentence."""
    is_counted = reviewed.group.state == "released"
    return in_words(reviewed.effect.shifts, reviewed.group.entries, language, is_counted=is_counted)


def words(evidence: Evidence, language: Language) -> str:
    """Returns the evidence as a sentence; an unknown code of a newer policy as its figures."""
    if evidence.code in REASONS:
        return explain(evidence, language)
    return f"{evidence.code}: {evidence.count} ({evidence.expected:.3g} expected)"


def together(reviewed: Reviewed, language: Language) -> str:
    """Returns the evidence on the group's ballots as a whole."""
    profile = {name: value for evidence in reviewed.evidence for name, value in evidence.profile.items()}
    return ("；" if language == "zh" else "; ").join(details(profile, language))


def alone(evidence: Evidence, language: Language) -> str:
    """Returns the evidence as a sentence, without the part that applies to the whole group."""
    return words(msgspec.structs.replace(evidence, profile={}), language)
