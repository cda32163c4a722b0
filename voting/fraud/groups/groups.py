"""Groups held ballots for review, since single ballots prove nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
import polars as pl

from voting.fraud.features.column_index import Ints, Survey
from voting.fraud.groups.ballot_evidence import Bits
from voting.fraud.groups.group_evidence import LOCKSTEP, GroupEvidence
from voting.fraud.reasons.codes import CODES
from voting.fraud.reasons.findings import Group, Stage
from voting.fraud.reasons.reasons import family_of

CAST_GROUP = "cast-"
"""The prefix of the names of groups of ballots that were held when cast."""


class _Tie(NamedTuple):
    """A value that ties held ballots: how many must share it, and which part of all ballots with it must be held."""

    by: tuple[str, ...]
    least: int
    part: float = 0.0


# Many ballots of one hour or day are honest.
_TIES = (
    _Tie(("entry", "fingerprint"), 3),
    _Tie(("entry", "prefix"), 3),
    _Tie(("entry", "hour"), 8),
    _Tie(("entry", "day"), 8, part=0.25),
    _Tie(("device",), 2),
)
_LOCKSTEP_TIES = (_Tie(("voter",), 2), _Tie(("entry", "day"), 8))


def label(survey: Survey, rows: Ints, reasons: Bits) -> Ints:
    """Returns the group number of each of these held ballots: connected components of shared values.

    Voters who work through lists vote for many entries and would connect all their campaigns, so their ballots are
    grouped separately.
    """
    lockstep = (reasons & LOCKSTEP) != 0
    shared = []
    for ties, of in ((_TIES, ~lockstep), (_LOCKSTEP_TIES, lockstep)):
        for tie in ties:
            numbering = survey.numbering(tie.by)
            values, inverse, counts = np.unique(numbering.of[rows[of]], return_inverse=True, return_counts=True)
            of_all = np.append(numbering.counts(), 0.0)[values]
            enough = (values < numbering.size) & (counts >= tie.least) & (counts >= tie.part * of_all)
            # A number for each value that enough of these ballots share.
            numbers = np.full(len(rows), -1)
            numbers[of] = np.where(enough[inverse], inverse, -1)
            shared.append(numbers)
    labels = np.arange(len(rows))
    while True:
        before = labels
        for values in shared:
            labels = _joined(labels, values)
        if (labels == before).all():
            return labels


def describe(
    survey: Survey, ballots: pl.DataFrame | pl.LazyFrame, held: Ints, labels: Ints, reasons: Bits, stage: Stage
) -> Mapping[int, Group]:
    """Returns the groups by label, largest first.

    `held` and `labels` are the held ballots of the survey and their groups; `reasons` are of all ballots; `ballots` is
    the survey's source.
    """
    if not len(held):
        return {}
    # Entries and prefixes are few, so a number for each ballot is enough.
    called = ballots.lazy().select("id", pl.col("entry", "prefix").cast(pl.Categorical)).collect()
    names = called[survey.ballots["row"].to_numpy()]
    group_evidence = GroupEvidence(survey, names, reasons, stage)
    order = np.argsort(labels, kind="stable")
    begins = np.flatnonzero(np.diff(labels[order], prepend=-1))
    members = [names[rows] for rows in np.split(held[order], begins[1:])]
    ids = _group_ids([min(ballots_of.select("id", "entry").iter_rows()) for ballots_of in members])
    described = []
    for number, rows, id, ballots_of in zip(
        labels[order][begins].tolist(), np.split(held[order], begins[1:]), ids, members, strict=True
    ):
        evidence = group_evidence.of(rows)
        entries = Counter(ballots_of["entry"].to_list())
        group = Group(
            id=id,
            reasons=tuple(sorted({item.code for item in evidence})),
            ballots=len(rows),
            entries=dict(sorted(entries.items(), key=lambda item: (-item[1], item[0]))),
            evidence=evidence,
        )
        described.append((number, group))
    return dict(sorted(described, key=lambda each: (-each[1].ballots, each[1].id)))


def describe_cast(ballots: pl.DataFrame, prepared: pl.DataFrame, held: pl.DataFrame) -> list[Group]:
    """Returns the groups of ballots held when cast (`held`: id, reasons), one for each first pick."""
    if held.is_empty():
        return []
    survey = Survey(prepared)
    # Without codes of an older policy.
    held_bits = [sum(1 << CODES.index(code) for code in codes if code in CODES) for codes in held["reasons"].to_list()]
    reasons = held.select("id", bits=pl.Series(held_bits, dtype=pl.UInt32))
    first = ballots.select("id", pl.col("entry").first().over("id"))
    known = first.join(reasons, on="id", how="left", maintain_order="left")[survey.ballots["row"].to_numpy()]
    rows, entries = np.flatnonzero(known["bits"].is_not_null()), known["entry"].unique().sort()
    codes = known["entry"].gather(rows)
    labels, bits = entries.search_sorted(codes).to_numpy().astype(np.int64), known["bits"].fill_null(0).to_numpy()
    described = describe(survey, ballots, rows, labels, bits, "online")
    return [msgspec.structs.replace(group, id=CAST_GROUP + entries[number]) for number, group in described.items()]


def _group_ids(firsts: Sequence[tuple[str, str]]) -> list[str]:
    """Names each group by its first pick (ballot, entry), so that a ring keeps its name when it is found again, grown.

    Where the picks of one ballot are in several groups, the entry tells these apart.
    """
    least: dict[str, str] = {}
    for ballot, entry in firsts:
        least[ballot] = min(entry, least.get(ballot, entry))
    names = [ballot if entry == least[ballot] else f"{ballot} {entry}" for ballot, entry in firsts]
    return [hashlib.sha256(name.encode()).hexdigest()[:12] for name in names]


def families(reasons: Bits) -> Ints:
    """Returns the number of independent families of evidence of each ballot's reasons."""
    masks: dict[str, int] = {}
    for number, code in enumerate(CODES):
        masks[family_of(code)] = masks.get(family_of(code), 0) | 1 << number
    return np.asarray(np.sum([(reasons & np.uint32(mask)) != 0 for mask in masks.values()], axis=0), dtype=np.int64)


def _joined(labels: Ints, tie: Ints) -> Ints:
    """Gives all ballots that share a value their smallest label."""
    tied = tie >= 0
    if not tied.any():
        return labels
    least = np.full(int(tie.max()) + 1, len(labels))
    np.minimum.at(least, tie[tied], labels[tied])
    joined = labels.copy()
    joined[tied] = np.minimum(joined[tied], least[tie[tied]])
    # A label is itself a ballot's number: follow it, so that chains close quickly.
    return np.minimum(joined, joined[joined])
