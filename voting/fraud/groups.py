"""Puts held ballots into groups: what a reviewer decides about, for single ballots prove nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from voting.fraud.cells import cells
from voting.fraud.codes import CODES
from voting.fraud.findings import Evidence, Group

# What ties two held ballots of one entry together, and how many must share it: of an hour many are honest.
_TIES: tuple[tuple[tuple[str, ...], int], ...] = (
    (("entry", "fingerprint"), 3),
    (("entry", "prefix"), 3),
    (("entry", "hour"), 8),
    (("device",), 2),
)
# And lockstep voters, over all entries.
LOCKSTEP = np.uint32(1 << CODES.index("G1"))
# Where a reason's cell is looked up.
_CELLS = {"C3": "fingerprint", "N3": "prefix", "T5": "hour", "A1": "age_bin", "T2": "reading_bin", "T4": "hour_of_day"}
# Of which ballots a reason says something that is so of each, by itself.
_OWN = {"N1": "hosting", "C1": "automation", "C2": "odd", "C5": "cross_site", "A1": "fresh", "P1": "refused"}
_MOST_EVIDENCE = 3

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
    tables = {code: cells(all_, [by]) for code, by in _CELLS.items()}
    table = held.with_columns(
        names["id"],
        code=names["entry"],
        prefix_name=names["prefix"],
        label=pl.Series(labels),
        bits=pl.Series(reasons),
    )
    groups = [_described(group, tables) for _, group in table.group_by("label", maintain_order=True)]
    return tuple(sorted(groups, key=lambda group: (-group.ballots, group.id)))


def group_id(ids: Sequence[str]) -> str:
    """Names a group by its first ballots: the same ring has the same name when it is found again, grown."""
    return hashlib.sha256(min(ids).encode()).hexdigest()[:12]


def named(bits: int) -> tuple[str, ...]:
    """The reason codes of these bits."""
    return tuple(sorted(code for number, code in enumerate(CODES) if bits >> number & 1))


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


def _described(group: pl.DataFrame, tables: dict[str, pl.DataFrame]) -> Group:
    counts = {code: int((group["bits"] & (1 << number) != 0).sum()) for number, code in enumerate(CODES)}
    reasons = tuple(sorted(code for code, count in counts.items() if count >= max(1, group.height // 5)))
    entries = dict(group["code"].value_counts(sort=True).iter_rows())
    profile = _profile(group)
    evidence = [_evidence(code, count, group, tables, profile) for code, count in counts.items() if code in reasons]
    return Group(
        id=group_id(group["id"].to_list()),
        reasons=reasons,
        ballots=group.height,
        entries={
            str(code): int(count) for code, count in sorted(entries.items(), key=lambda item: (-item[1], item[0]))
        },
        evidence=tuple(sorted(evidence, key=lambda each: (-each.surprise, each.code))),
    )


def _evidence(
    code: str, count: int, group: pl.DataFrame, tables: dict[str, pl.DataFrame], profile: dict[str, float]
) -> Evidence:
    """The most surprising cell of the group that speaks for this reason; or how many of its ballots do."""
    key: dict[str, str] = {}
    expected = surprise = 0.0
    # The reason stands for all in whose cell it is so remarkable; the sentence speaks of those of which it is true.
    if code in _OWN:
        count = int(group[_OWN[code]].sum()) or count
    if code in tables:
        by = _CELLS[code]
        name = pl.col("prefix_name" if by == "prefix" else by).cast(pl.String).alias("name")
        here = group.select("entry", by, "code", name).unique(["entry", by], keep="any")
        found = tables[code].join(here, on=["entry", by]).sort("z", "code", "name", descending=True).head(1)
        if found.height:
            row = found.row(0, named=True)
            key = {"entry": row["code"], by: str(row["name"])}
            count, expected, surprise = int(row["n"]), round(row["expected"], 3), round(row["z"], 2)
    return Evidence(code, key, count, expected, surprise, profile)


def _profile(group: pl.DataFrame) -> dict[str, float]:
    seconds = group["reading"].drop_nulls().exp()
    profile = {
        "fresh": group["fresh"].mean(),
        "hosting": group["hosting"].mean(),
        "odd": group["odd"].mean(),
        "prefixes": float(group["prefix"].n_unique()),
        "fingerprints": float(group["fingerprint"].n_unique()),
        "voters": float(group["voter"].n_unique()),
        "reading_low": seconds.quantile(0.1),
        "reading_high": seconds.quantile(0.9),
        "first": group["second"].min(),
        "last": group["second"].max(),
    }
    return {name: round(float(value), 3) for name, value in profile.items() if isinstance(value, (int, float))}
