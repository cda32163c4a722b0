"""Plans the changes of a sweep: its verdicts compared with the decisions in force, and the names of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec
import polars as pl

from voting.fraud.groups.groups import CAST_GROUP, describe_cast
from voting.fraud.reasons.findings import Group, Stage, Sweep

# The decisions in force: ballots that are not counted, or belong to a group. `frozen`: no sweep changes it.
STANDING: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "voter": pl.String,
    "state": pl.String,
    "reasons": pl.List(pl.String),
    "group": pl.String,
    "frozen": pl.Boolean,
}


CAST_HELD = (pl.col("state") != "count") & pl.col("group").fill_null(CAST_GROUP).str.starts_with(CAST_GROUP)
"""Selects decisions in force on ballots held when cast. Ballots held by a sweep have a group of the sweep."""


class Plan(NamedTuple):
    """`changes`: id, voter, new state, reasons and group of each ballot that changes."""

    changes: pl.DataFrame
    groups: tuple[Group, ...]


def plan(
    ballots: pl.DataFrame,
    found: Sweep,
    standing: pl.DataFrame,
    known: Mapping[str, bool],
    stage: Stage,
    found_are: Literal["hold", "void"] = "hold",
) -> Plan:
    """Returns the changes that follow from a sweep over `ballots` (id, voter and entry, in the order of its verdicts).

    A ballot is held if any of its picks is, and then gets the state `found_are`. A near-line round adds to the held
    ballots and releases those that it names (all that it does not hold, if its verdicts have no `release`); ballots
    held when cast stay. The certification decides again on everything it swept, and puts ballots held when cast into
    separate groups. `known`: every group's id, and whether a reviewer has decided on it.
    """
    verdicts = found.verdicts.with_columns(voter=ballots["voter"])
    is_last = stage == "certification"
    if not is_last:
        standing = standing.with_columns(pl.col("frozen") | (pl.col("state") == "void") | CAST_HELD)
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
    swept = standing.join(verdicts.select("id").unique(), on="id", how="semi")
    names = _names(free, swept, known, [group.id for group in found.groups])
    free = free.with_columns(pl.col("group").replace(names))
    with_ballots = set(free["group"].drop_nulls())
    groups = [
        msgspec.structs.replace(group, id=names.get(group.id, group.id))
        for group in found.groups
        # Keep groups with decided ballots only; an estimate alone has none.
        if names.get(group.id, group.id) in with_ballots or (not group.ballots and not known.get(group.id))
    ]
    others = swept.filter(~pl.col("frozen")).join(held, on="id", how="anti")
    if is_last:
        # Ballots held when cast that no sweep found are reviewed in a group for each entry.
        cast_held = others.filter(CAST_HELD)
        picks = ballots.select("id", "entry").join(cast_held.select("id"), on="id", how="semi")
        named = picks.unique("id", keep="first", maintain_order=True).select("id", name=CAST_GROUP + pl.col("entry"))
        cast_held = cast_held.join(named, on="id", maintain_order="left").with_columns(group="name")
        groups += describe_cast(ballots, found.prepared, cast_held.select("id", "reasons"))
        wanted = [_as(free, found_are), _as(cast_held, found_are), _counted(others.filter(~CAST_HELD))]
    else:
        released = others
        if "release" in verdicts.columns:
            released = others.join(verdicts.filter(~pl.col("release")), on="id", how="anti")
        already = standing.filter(pl.col("state") == "hold")
        wanted = [_as(free.join(already, on="id", how="anti"), found_are), _counted(released)]
    return Plan(_moved(pl.concat(wanted), standing), tuple(groups))


def _counted(ballots: pl.DataFrame) -> pl.DataFrame:
    return _as(ballots.with_columns(reasons=pl.lit([], pl.List(pl.String)), group=pl.lit(None, pl.String)), "count")


def _as(ballots: pl.DataFrame, state: str) -> pl.DataFrame:
    return ballots.select("id", "voter", pl.lit(state).alias("state"), "reasons", "group")


def _moved(wanted: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Returns the ballots whose state changes."""
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
    """Returns the name of each group found: that of the open group with which it shares most ballots.

    These must be at least half of it, so that a growing ring keeps the name that its reviewer knows. The name of a
    decided group is not used again.
    """
    there = standing.filter(~pl.col("frozen") & pl.col("group").is_not_null()).select("id", former="group")
    sizes = dict(there.group_by("former").len().iter_rows())
    shared = held.join(there, on="id").drop_nulls("group").group_by("group", "former").len()
    names: dict[str, str] = {}
    for group, former, count in sorted(shared.iter_rows(), key=lambda row: (-row[2], row[0] != row[1], row[0], row[1])):
        is_half = 2 * count >= sizes[former] or group == former
        if is_half and group not in names and former not in names.values():
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
