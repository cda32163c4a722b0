"""What a sweep changes: its verdicts against the decisions that stand, and the names under which groups go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import polars as pl

from voting.fraud.findings import Group, Sweep

# The decisions that stand: ballots that are not counted, or in a group. `frozen`: no sweep changes it.
STANDING: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "voter": pl.String,
    "state": pl.String,
    "reasons": pl.List(pl.String),
    "group": pl.String,
    "frozen": pl.Boolean,
}


class Plan(NamedTuple):
    """`changes`: id, voter, state, reasons and group of each ballot that is to be another than it is."""

    changes: pl.DataFrame
    groups: tuple[Group, ...]


def plan(
    ballots: pl.DataFrame,
    found: Sweep,
    standing: pl.DataFrame,
    known: Mapping[str, bool],
    found_are: Literal["hold", "void"] = "hold",
    *,
    void_too: bool = False,
) -> Plan:
    """What follows from a sweep over `ballots` (id and voter, in the order of its verdicts).

    A ballot is held when any of its picks is, and then is to be `found_are`. Only what was swept is released; void
    ballots only with `void_too`. `known`: every group's id, and whether a reviewer has decided about it.
    """
    verdicts = found.verdicts.with_columns(voter=ballots["voter"])
    if not void_too:
        standing = standing.with_columns(pl.col("frozen") | (pl.col("state") == "void"))
    held = (
        verdicts.filter("hold")
        .group_by("id", maintain_order=True)
        .agg(
            pl.col("voter").first(),
            pl.col("reasons").explode(empty_as_null=False, keep_nulls=False).unique().sort(),
            pl.col("group").drop_nulls().first(),
        )
    )
    free = held.join(standing.filter("frozen"), on="id", how="anti")
    names = _names(free, standing, known, [group.id for group in found.groups])
    free = free.with_columns(pl.col("group").replace(names))
    released = standing.filter(~pl.col("frozen")).join(held, on="id", how="anti")
    released = released.join(verdicts.select("id").unique(), on="id", how="semi")
    nothing = {"reasons": pl.lit([], pl.List(pl.String)), "group": pl.lit(None, pl.String)}
    wanted = pl.concat([_as(free, found_are), _as(released.with_columns(**nothing), "count")])
    with_ballots = set(free["group"].drop_nulls())
    groups = tuple(
        msgspec.structs.replace(group, id=names.get(group.id, group.id))
        for group in found.groups
        # One whose ballots are all decided is left; one that is an estimate alone has none.
        if names.get(group.id, group.id) in with_ballots or (not group.ballots and not known.get(group.id))
    )
    return Plan(_moved(wanted, standing), groups)


def _as(ballots: pl.DataFrame, state: str) -> pl.DataFrame:
    return ballots.select("id", "voter", pl.lit(state).alias("state"), "reasons", "group")


def _moved(wanted: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Those that are not so already."""
    both = wanted.join(standing.drop("voter", "frozen"), on="id", how="left", suffix="_now")
    same = (
        pl.col("state").eq_missing(pl.col("state_now"))
        & pl.col("reasons").list.join(" ").eq_missing(pl.col("reasons_now").list.join(" "))
        & pl.col("group").eq_missing(pl.col("group_now"))
    )
    return both.filter(~same).select(wanted.columns)


def _names(
    held: pl.DataFrame, standing: pl.DataFrame, known: Mapping[str, bool], found: Sequence[str]
) -> dict[str, str]:
    """Under which name each found group goes on: that of the open group with which it shares most ballots.

    If they are half of it, that is: so a ring that grows stays the one that its reviewer knows. The name of a group
    that was decided about is not used again.
    """
    there = standing.filter(~pl.col("frozen") & pl.col("group").is_not_null()).select("id", former="group")
    sizes = dict(there.group_by("former").len().iter_rows())
    shared = held.join(there, on="id").drop_nulls("group").group_by("group", "former").len()
    names: dict[str, str] = {}
    for group, former, count in sorted(shared.iter_rows(), key=lambda row: (-row[2], row[0] != row[1], row[0], row[1])):
        if group not in names and former not in names.values() and 2 * count >= sizes[former]:
            names[group] = former
    taken = {*names.values(), *(id for id, frozen in known.items() if frozen or id in sizes)}
    for group in found:
        if group in names:
            continue
        name, number = group, 1
        while name in taken:
            number += 1
            name = f"{group}-{number}"
        names[group] = name
        taken.add(name)
    return names
