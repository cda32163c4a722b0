"""Cells ready for JSON and in words. The figures are estimates from a sample, and say so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import tzinfo
from typing import Any

from voting.domain.language import LANGUAGES, Language
from voting.fraud.groups import rank_impact
from voting.fraud.sample import Cell, Kind
from voting.services.fraud.cells import SuspectCell

_KINDS: Mapping[Language, Mapping[Kind, str]] = {
    "zh": {"channel": "{} 经 {}", "network": "{} 网段 {}"},
    "en": {"channel": "{} through {}", "network": "{} from network {}"},
}


def named(cell: Cell, language: Language) -> str:
    """Returns the cell as people call it."""
    # Until 0032 there were other kinds, about which people may have decided.
    return _KINDS[language].get(cell.kind, "{} {}").format(cell.entry, cell.value)


def in_words(each: SuspectCell, language: Language) -> str:
    """Returns what the sample says of the cell, and the effect on the ranking."""
    cell, found = named(each.stored.cell, language), each.estimate
    if found is None:
        return f"{cell}：样本不足。" if language == "zh" else f"{cell}: too few of its voters are in the sample now."
    shares = [f"{share * 100:.0f}%" for share in (found.elsewhere, found.share, found.low, found.high)]
    effect = rank_impact.in_words(each.effect.shifts, {found.cell.entry: each.invented}, language, each.invented)
    if language == "zh":
        return (
            f"{cell}：抽样请 {found.asked} 人确认，{found.confirmed} 人确认；其他作品为 {shares[0]}。"
            f"据样本估计，其中 {shares[1]}（{shares[2]} 至 {shares[3]}）的投票人是虚构的。{effect}"
        )
    return (
        f"of {found.asked} asked for {cell}, {found.confirmed} confirmed; elsewhere {shares[0]}."
        f" An estimate from a sample: {shares[1]} ({shares[2]} to {shares[3]}) of its voters are invented. {effect}"
    )


def as_json(each: SuspectCell, zone: tzinfo) -> dict[str, Any]:
    """Returns a cell, ready for JSON."""
    stored, found = each.stored, each.estimate
    return {
        "cell": stored.cell.id,
        **stored.cell._asdict(),
        "state": stored.state,
        "share_asked": stored.share,
        "proposal": asdict(stored.proposal) if stored.proposal else None,
        "hours": stored.hours,
        "decided_by": stored.decided_by,
        "reason": stored.reason,
        "version": stored.version,
        "estimate": {name: value for name, value in found._asdict().items() if name != "cell"} if found else None,
        "invented": each.invented,
        "shifts": [shift._asdict() for shift in each.effect.shifts],
        "words": {language: in_words(each, language) for language in LANGUAGES},
        "found_at": stored.found_at.astimezone(zone),
        "changed_at": stored.changed_at.astimezone(zone),
    }
