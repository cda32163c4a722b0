"""Joins the decisions of `voting backtest`, or of a naive rule, with the labels."""

from __future__ import annotations

from pathlib import Path

import polars as pl

# Columns of verdicts besides `id`: `counted` in the end; `settled`: counted, or with reasons; `delay_ms` from casting
# until it was first held or refused, null if it never was; `held_early`: held before certification; `challenged`.
_DECISIONS: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "decision": pl.String,
    "reasons": pl.List(pl.String),
}
_HISTORY = {
    "id": pl.String,
    "decision": pl.String,
    "stage": pl.String,
    "decided_at": pl.String,
    "response": pl.String,
}
_MOMENT = "%Y-%m-%dT%H:%M:%S%.f%#z"
_REMOVED = ("hold", "refuse", "void")


def read_verdicts(folder: Path, events: pl.DataFrame) -> pl.DataFrame:
    """From a folder of `voting backtest`; `events` has `id` and `at` (UTC, ms) of every attempt."""
    decisions = pl.scan_ndjson(folder / "decisions.jsonl", schema=_DECISIONS)
    history = pl.scan_ndjson(folder / "history.jsonl", schema=_HISTORY)
    changes = history.join(events.lazy().select("id", "at"), on="id").with_columns(
        delay=(pl.col("decided_at").str.to_datetime(_MOMENT, time_unit="ms") - pl.col("at")).dt.total_milliseconds()
    )
    removed, early = pl.col("decision").is_in(_REMOVED), pl.col("stage") != "certification"
    whole = changes.group_by("id").agg(
        delay_ms=pl.col("delay").filter(removed).min(),
        held_early=((pl.col("decision") == "hold") & early).any(),
        challenged=(pl.col("response") == "challenge").fill_null(value=False).any(),
    )
    counted = pl.col("decision") == "count"
    explained = counted | (pl.col("reasons").list.len().fill_null(0) > 0)
    return (
        decisions.select("id", counted=counted, settled=explained)
        .join(whole, on="id", how="left")
        .with_columns(pl.col("held_early", "challenged").fill_null(value=False))
        .collect()
    )


def judged(events: pl.DataFrame, labels: pl.DataFrame, verdicts: pl.DataFrame) -> pl.DataFrame:
    """One row per ballot: labels, `entry` and verdict. Raises ValueError for a ballot without a verdict."""
    rows = labels.join(events.select("id", "entry"), on="id").join(verdicts, on="id", how="left")
    missing = int(rows["counted"].null_count())
    if missing or len(rows) != len(labels):
        raise ValueError(f"{missing} ballots have no decision")
    return rows


def of_rule(events: pl.DataFrame, counted: pl.Series) -> pl.DataFrame:
    """The verdicts of a rule that decides at once and gives no reasons."""
    return events.select(
        "id",
        counted=counted,
        settled=pl.lit(value=True),
        delay_ms=pl.when(counted).then(None).otherwise(pl.lit(0, dtype=pl.Int64)),
        held_early=~counted,
        challenged=pl.lit(value=False),
    )
