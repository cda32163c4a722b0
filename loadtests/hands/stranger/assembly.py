"""The columns of all ballots as events and labels."""

from __future__ import annotations

from ipaddress import IPv6Address

import numpy as np
import polars as pl

from loadtests.hands.stranger.dice import Bools, Ints, Rng, Words, around, chance
from loadtests.hands.stranger.people import ENTRY
from loadtests.hands.stranger.rows import Batch, Rows, joined
from loadtests.hands.stranger.scene import Scene
from loadtests.hands.stranger.scripts import CROSS
from loadtests.traffic.rendering import COLUMNS

_SITE = "https://toupiao.example.cn"
_QUERIES = ("", "?from=groupmessage", "?from=timeline", "?from=singlemessage", "?from=qrcode", "?utm_source=weibo",
            "?utm_source=douyin", "")  # fmt: skip
_NETS = ("WIFI", "4G", "5G")
_REPORT = ("screen", "dpr", "languages", "timezone", "platform")
_DESKTOP_MODE = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"


def _names(rng: Rng, count: int) -> pl.Series:
    """Opaque texts, one a number."""
    raw = rng.bytes(16 * count).hex()
    return pl.Series([raw[i : i + 32] for i in range(0, 32 * count, 32)], dtype=pl.String)


def _looked_up(names: pl.Series, which: Ints) -> pl.Series:
    """The text of each number; -1 is null."""
    found = names.gather(pl.Series(np.maximum(which, 0)))
    return found.to_frame("name").select(pl.when(pl.Series(which >= 0)).then(pl.col("name"))).to_series()


def _address(high: int, low: int) -> str:
    if high:
        return str(IPv6Address(high << 64 | low))
    return f"{low >> 24}.{low >> 16 & 255}.{low >> 8 & 255}.{low & 255}"


def _addresses(high: Words, low: Words) -> list[str]:
    return [_address(top, bottom) for top, bottom in zip(high.tolist(), low.tolist(), strict=True)]


def _profiles(scene: Scene) -> pl.DataFrame:
    """The catalogue as a table."""
    listed = scene.catalogue.profiles
    hints = [each.hints or (None, None, None) for each in listed]
    return pl.DataFrame(
        {
            "channel": [each.channel for each in listed],
            "head": [each.head for each in listed],
            "mid": [each.mid for each in listed],
            "tail": [each.tail for each in listed],
            "accept_language": [each.accept_language for each in listed],
            "sec_ch_ua": [each[0] for each in hints],
            "sec_ch_ua_platform": [each[1] for each in hints],
            "sec_ch_ua_mobile": [each[2] for each in hints],
            "fetches": [each.fetches for each in listed],
            **{name: [getattr(each, name) for each in listed] for name in _REPORT},
        },
        schema_overrides={"dpr": pl.Float64, "head": pl.String, "sec_ch_ua": pl.String},
    )


def _agent() -> pl.Expr:
    """The user agent; WeChat's names the device, on Android, and the network."""
    numbered = pl.when(pl.col("head").str.ends_with("MMWEBID/")).then(pl.col("web_id").cast(pl.String))
    network = pl.when(pl.col("mid").str.ends_with("NetType/")).then(pl.col("network"))
    return pl.concat_str("head", numbered.otherwise(pl.lit("")), "mid", network.otherwise(pl.lit("")), "tail")


def _odd(table: pl.DataFrame) -> pl.DataFrame:
    """Disturbs headers as `odd` says."""
    odd = pl.col("odd")

    def without(name: str, *codes: int) -> pl.Expr:
        return pl.when(odd.is_in(codes).not_()).then(pl.col(name)).alias(name)

    wrong = pl.when(pl.col("platform").str.starts_with("Win")).then(pl.lit('"Android"')).otherwise(pl.lit('"Windows"'))
    agent = pl.when(odd == 6).then(None).when((odd == 5) & (pl.col("channel") == "web")).then(pl.lit(_DESKTOP_MODE))
    foreign = pl.when(odd == CROSS).then(pl.lit("https://www.shenghuo-video.example.com")).when(odd == 8)
    outside = foreign.then(pl.lit("https://news.example.org.cn"))
    return table.with_columns(
        agent.otherwise(pl.col("user_agent")).alias("user_agent"),
        without("accept_language", 1, 3),
        without("sec_ch_ua", 3, 6),
        pl.when(odd == 7).then(wrong).otherwise(without("sec_ch_ua_platform", 3, 6)).alias("sec_ch_ua_platform"),
        without("sec_ch_ua_mobile", 3, 6),
        pl.when(odd.is_in([8, CROSS]))
        .then(pl.lit("cross-site"))
        .otherwise(without("sec_fetch_site", 3, 4))
        .alias("sec_fetch_site"),
        pl.when(odd == CROSS).then(outside.otherwise(None)).otherwise(without("origin", 3, 4)).alias("origin"),
        pl.when(odd.is_in([8, CROSS]))
        .then(pl.concat_str(outside.otherwise(None), pl.lit("/")))
        .otherwise(without("referer", 4))
        .alias("referer"),
        *(without(name, 2, CROSS) for name in _REPORT if name not in ("languages", "timezone")),
        pl.when(odd == 10).then(pl.lit("en-US,en")).otherwise(without("languages", 2, CROSS)).alias("languages"),
        pl.when(odd == 10).then(pl.lit("Asia/Tokyo")).otherwise(without("timezone", 2, CROSS)).alias("timezone"),
        without("opened_at", 9),
    )


def _referer(page: Ints, codes: pl.Series) -> pl.Expr:
    """The page of the list or of the entry; a mini program names itself."""
    query = pl.Series(_QUERIES).gather(pl.Series(np.maximum(page, 0) % ENTRY))
    path = pl.when(pl.Series(page >= ENTRY)).then(pl.concat_str(pl.lit("/e/"), pl.lit(codes))).otherwise(pl.lit("/"))
    usual = pl.concat_str(pl.lit(_SITE), path, pl.lit(query))
    mini = pl.lit("https://servicewechat.com/wx5c1e7a90b2d4f836/27/page-frame.html")
    inside = pl.when(pl.col("channel") == "mini_program").then(mini).otherwise(usual)
    return pl.when(pl.Series(page >= 0)).then(inside)


def _challenges(scene: Scene, rng: Rng, rows: Rows, scripted: Bools) -> tuple[pl.Series, pl.Series]:
    """A proof of work is asked of few, more often of strange requests; programs solve it fast or not at all."""
    size = len(rows)
    share = np.where(rows.odd > 0, 0.12, 0.012) + np.where(scripted, rng.uniform(0.02, 0.2), 0)
    asked = (rng.random(size) < share + 0.1 * (rows.hosting == 1)) & scene.traits.challenges
    quick = around(rng, rng.uniform(90, 700), 0.25, size)
    passed = ~chance(rng, 0.02, size) & ~(scripted & chance(rng, rng.uniform(0, 0.4), size))
    spent = np.where(scripted, quick, around(rng, 1100, 0.7, size)).astype(np.int64)
    frame = pl.DataFrame({"asked": asked, "passed": passed, "ms": spent})
    found = frame.select(pl.when("asked").then("passed"), pl.when("asked").then("ms"))
    return found.to_series(0), found.to_series(1)


def _moments(values: Ints) -> pl.Series:
    return pl.Series(values).cast(pl.Datetime("ms", "UTC"))


def _known(values: Ints) -> pl.Expr:
    series = pl.Series(values)
    return pl.when(series >= 0).then(series)


def events(scene: Scene, rng: Rng, rows: Rows, scripted: Bools) -> pl.DataFrame:
    """All columns of `rendering.COLUMNS`."""
    size = len(rows)
    names = _names(rng, scene.used)
    codes = pl.Series(scene.entries).gather(pl.Series(rows.entry))
    asn = np.where(chance(rng, 0.02, size), -1, rows.asn)
    passed, spent = _challenges(scene, rng, rows, scripted)
    table = _profiles(scene)[rows.profile].with_columns(
        _names(rng, size).alias("id"),
        _moments(rows.at).alias("at"),
        _looked_up(names, rows.voter).alias("voter"),
        codes.alias("entry"),
        _looked_up(names, rows.device).alias("device"),
        _moments(rows.issued).alias("device_issued_at"),
        _moments(rows.opened).alias("opened_at"),
        pl.Series("ip", _addresses(rows.high, rows.low)),
        _known(asn).alias("asn"),
        _known(np.where(asn < 0, -1, rows.hosting)).cast(pl.Boolean).alias("hosting"),
        pl.Series("web_id", rows.web_id),
        pl.Series("network", np.array(_NETS)[rows.net].tolist()),
        pl.Series("odd", rows.odd),
        passed.alias("challenge_passed"),
        spent.alias("challenge_ms"),
    )
    table = table.with_columns(
        _agent().alias("user_agent"),
        pl.when("fetches").then(pl.lit("same-origin")).alias("sec_fetch_site"),
        pl.when(pl.col("screen").is_not_null() & (pl.col("channel") != "mini_program"))
        .then(pl.lit(_SITE))
        .alias("origin"),
        _referer(rows.page, codes).alias("referer"),
    )
    return _odd(table).select(COLUMNS)


def assembled(scene: Scene, rng: Rng, batches: list[Batch]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and labels of all batches, in time order."""
    rows = joined([each.rows for each in batches])
    which = np.repeat(np.arange(len(batches)), [len(each.rows) for each in batches])
    order = np.argsort(rows.at, kind="stable")
    rows, which = rows.take(order), which[order]
    scripted = np.array([each.scripted for each in batches])[which]
    made = events(scene, rng, rows, scripted)
    labels = pl.DataFrame(
        {
            "fraud": [each.fraud for each in batches],
            "family": [each.family for each in batches],
            "instance": [each.instance for each in batches],
            "scripted": [each.scripted for each in batches],
        }
    )[which]
    return made, labels.select(made["id"], "fraud", "family", "instance", "scripted")
