"""Writes a world as files: the contest, the attempts in the format of the backtest, and the labels."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import polars as pl

from loadtests.fraud_lab.simulator.rendering import CLIENT, HEADERS
from loadtests.fraud_lab.simulator.world import World

EVENTS, LABELS, CONTEST = "events.jsonl.gz", "labels.parquet", "contest.toml"
ZONE = "Asia/Shanghai"
_OFFSET = timezone(timedelta(hours=8))
_CHUNK = 20_000
_PLAIN = ("voter", "entry", "channel", "device")


def write(world: World, folder: Path) -> None:
    """Writes `contest.toml`, `events.jsonl.gz` and `labels.parquet`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONTEST).write_text(contest(world), "utf-8")
    world.labels.write_parquet(folder / LABELS)
    # No name and no time in the header: the same world gives the same bytes.
    with (folder / EVENTS).open("wb") as raw, gzip.GzipFile("", "wb", 3, raw, mtime=0) as packed:
        for start in range(0, len(world.events), _CHUNK):
            text = lines(world.events.slice(start, _CHUNK))
            packed.write(("\n".join(text.to_list()) + "\n").encode())


def contest(world: World) -> str:
    """The contest file."""
    opens, closes = (
        datetime.fromtimestamp(each / 1000, UTC).astimezone(_OFFSET) for each in (world.opens, world.closes)
    )
    return f'''# A contest of the traffic generator.
id = "traffic"
title = "模拟投票"
title_en = "Simulated vote"
host = "负载测试"
time_zone = "{ZONE}"

[window]
opens_at = {opens.isoformat()}
closes_at = {closes.isoformat()}

[[category]]
id = "one"
name = "类别一"

[ballot]
least = 1
most = 1

[[quota]]
picks = 1
per = "contest"
period = "{world.rule}"

[display]
policy = "live"
'''


def lines(events: pl.DataFrame) -> pl.Series:
    """Each event as one line of JSON."""
    fields = [
        pl.concat_str(pl.lit('"id":"'), "id", pl.lit('"')),
        pl.concat_str(pl.lit('"at":'), _moment("at")),
        *(pl.concat_str(pl.lit(f'"{name}":'), _text(name)) for name in _PLAIN),
        *(pl.concat_str(pl.lit(f'"{name}":'), _moment(name)) for name in ("device_issued_at", "opened_at")),
        pl.concat_str(pl.lit('"ip":'), _text("ip")),
        *(pl.concat_str(pl.lit(f'"{name}":'), _bare(name)) for name in ("asn", "hosting")),
        pl.concat_str(pl.lit('"user_agent":'), _text("user_agent")),
        pl.concat_str(pl.lit('"headers":'), _headers()),
        pl.concat_str(pl.lit('"client":'), _client()),
        pl.concat_str(pl.lit('"challenge":'), _challenge()),
    ]
    line = pl.concat_str(pl.lit("{"), pl.concat_str(fields, separator=","), pl.lit("}"))
    return events.select(line).to_series()


def _quoted(column: pl.Expr) -> pl.Expr:
    """A JSON string; null stays null. No value here has control characters."""
    escaped = column.str.replace_all("\\", "\\\\", literal=True).str.replace_all('"', '\\"', literal=True)
    return pl.concat_str(pl.lit('"'), escaped, pl.lit('"'))


def _text(name: str) -> pl.Expr:
    return _quoted(pl.col(name)).fill_null("null")


def _bare(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.String).fill_null("null")


def _moment(name: str) -> pl.Expr:
    local = pl.col(name).dt.convert_time_zone(ZONE).dt.strftime("%Y-%m-%dT%H:%M:%S%.3f+08:00")
    return _quoted(local).fill_null("null")


def _headers() -> pl.Expr:
    """The headers that were received; null if there are none."""
    parts = [pl.concat_str(pl.lit(f'"{header}":'), _quoted(pl.col(name))) for name, header in HEADERS.items()]
    joined = pl.concat_str(parts, separator=",", ignore_nulls=True)
    return (
        pl.when(pl.all_horizontal(pl.col(name).is_null() for name in HEADERS))
        .then(pl.lit("null"))
        .otherwise(pl.concat_str(pl.lit("{"), joined, pl.lit("}")))
    )


def _client() -> pl.Expr:
    languages = pl.concat_str(
        pl.lit("["), _quoted(pl.col("languages")).str.replace_all(",", '","', literal=True), pl.lit("]")
    )
    values = {name: _quoted(pl.col(name)) for name in CLIENT} | {
        "dpr": pl.col("dpr").cast(pl.String),
        "languages": languages,
    }
    parts = [pl.concat_str(pl.lit(f'"{name}":'), value.fill_null("null")) for name, value in values.items()]
    made = pl.concat_str(pl.lit("{"), pl.concat_str(parts, separator=","), pl.lit("}"))
    return pl.when(pl.all_horizontal(pl.col(*CLIENT).is_null())).then(pl.lit("null")).otherwise(made)


def _challenge() -> pl.Expr:
    made = pl.concat_str(
        pl.lit('{"passed":'), _bare("challenge_passed"), pl.lit(',"ms":'), _bare("challenge_ms"), pl.lit("}")
    )
    return pl.when(pl.col("challenge_passed").is_null()).then(pl.lit("null")).otherwise(made)
