"""Puts held ballots into groups: what a reviewer decides about, for single ballots prove nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.codes import CODES
from voting.fraud.findings import Group
from voting.fraud.grounds import LOCKSTEP, Grounds
from voting.fraud.reasons import family_of

# What ties two held ballots of one entry together, and how many must share it: of an hour many are honest.
_TIES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("entry", "fingerprint"), 3),
    (("entry", "prefix"), 3),
    (("entry", "hour"), 8),
    (("device",), 2),
)
Labels = npt.NDArray[np.int64]


def label(held: pl.DataFrame, reasons: npt.NDArray[np.uint32]) -> Labels:
    """The number of the group of each of the held ballots: the components of what ties them."""
    labels = np.arange(held.height)
    lockstep = pl.Series("lockstep", (reasons & LOCKSTEP) != 0)
    ties = [_codes(held, keys, least) for keys, least in _TIES]
    ties.append(_codes(held.with_columns(voter=pl.when(lockstep).then(pl.col("voter"))), ("voter",), 2))
    while True:
        before = labels
        for tie in ties:
            labels = _joined(labels, tie)
        if (labels == before).all():
            return labels


def describe(
    held: pl.DataFrame, names: pl.DataFrame, labels: Labels, reasons: npt.NDArray[np.uint32], all_: pl.DataFrame
) -> tuple[Group, ...]:
    """The groups, largest first. `names` has ids, entries and prefixes as they are called, in the order of `held`."""
    grounds = Grounds(all_)
    table = held.with_columns(
        names["id"],
        code=names["entry"],
        prefix_name=names["prefix"],
        label=pl.Series(labels),
        bits=pl.Series(reasons),
    )
    groups = [_described(group, grounds) for _, group in table.group_by("label", maintain_order=True)]
    return tuple(sorted(groups, key=lambda group: (-group.ballots, group.id)))


def group_id(ids: Sequence[str]) -> str:
    """Names a group by its first ballots: the same ring has the same name when it is found again, grown."""
    return hashlib.sha256(min(ids).encode()).hexdigest()[:12]


def named(bits: int) -> tuple[str, ...]:
    """The reason codes of these bits."""
    return tuple(sorted(code for number, code in enumerate(CODES) if bits >> number & 1))


def families(reasons: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    """How many independent families of evidence each ballot's reasons are of."""
    masks: dict[str, int] = {}
    for number, code in enumerate(CODES):
        masks[family_of(code)] = masks.get(family_of(code), 0) | 1 << number
    return np.asarray(np.sum([(reasons & np.uint32(mask)) != 0 for mask in masks.values()], axis=0), dtype=np.int64)


def _codes(held: pl.DataFrame, keys: tuple[str, ...], least: int) -> npt.NDArray[np.int64]:
    """A number for each of the values that enough ballots share; -1 for the others."""
    shared = pl.all_horizontal(pl.col(name).is_not_null() for name in keys) & (pl.len().over(keys) >= least)
    numbered = pl.struct(keys).rank("dense").cast(pl.Int64)
    return held.select(pl.when(shared).then(numbered).otherwise(-1)).to_series().to_numpy()


def _joined(labels: Labels, tie: npt.NDArray[np.int64]) -> Labels:
    """Everything that one value ties gets the smallest label among it."""
    tied = tie >= 0
    if not tied.any():
        return labels
    least = np.full(int(tie.max()) + 1, len(labels))
    np.minimum.at(least, tie[tied], labels[tied])
    found = labels.copy()
    found[tied] = np.minimum(found[tied], least[tie[tied]])
    # A label is itself a ballot's number: follow it, so that chains close quickly.
    return np.minimum(found, found[found])


def _described(group: pl.DataFrame, grounds: Grounds) -> Group:
    entries = dict(group["code"].value_counts(sort=True).iter_rows())
    evidence = grounds.of(group)
    return Group(
        id=group_id(group["id"].to_list()),
        reasons=tuple(sorted({each.code for each in evidence})),
        ballots=group.height,
        entries={
            str(code): int(count) for code, count in sorted(entries.items(), key=lambda item: (-item[1], item[0]))
        },
        evidence=evidence,
    )
