"""A whole world: the plan of who votes how often, and its ballots as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loadtests.hands.visitor.family import ATTACKS, CROWDS, Family
from loadtests.hands.visitor.networks import Addresses, Ints, texts
from loadtests.hands.visitor.public import background
from loadtests.hands.visitor.stage import (
    CROSS_SITE,
    FALSE_HINTS,
    FAR_ZONE,
    FOREIGN_PAGE,
    NO_HINTS,
    NO_LANGUAGE,
    NO_REPORT,
    TOOL,
    Part,
    Stage,
)
from loadtests.traffic.rendering import CLIENT, COLUMNS, HEADERS
from loadtests.traffic.world import World

_SMALL = (44, 345)
_HINTS = ("sec_ch_ua", "sec_ch_ua_platform", "sec_ch_ua_mobile")
_TOOLS = ("python-requests/2.32.3", "okhttp/4.12.0", "Go-http-client/1.1", "Mozilla/5.0", "axios/1.7.9", "curl/8.5.0")
_FOREIGN = ("https://www.toutiao.com/", "https://mp.weixin.qq.com/", "https://m.weibo.cn/", "https://app.fuli51.cn/t")


@dataclass(frozen=True, slots=True)
class _Piece:
    part: Part
    fraud: bool
    family: str
    instance: str
    scripted: bool


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
    families: Sequence[str] | None = None,
) -> World:
    """A contest of ten days with honest crowds and attacks, all of it determined by the arguments; `families` are the
    attacks that take place (else all that fit), `small` keeps every campaign between 40 and 350 ballots."""
    rng = np.random.default_rng([seed, 77])
    stage = Stage(rng, ballots)
    bought = round(ballots * fraud)
    chosen = {name: ATTACKS[name] for name in sorted(ATTACKS if families is None else set(families))}
    pieces = list(_pieces(stage, chosen, bought, bounds=_SMALL if small else None, fraud=True))
    honest = ballots - sum(len(each.part.at) for each in pieces)
    cap = max(120, round(honest * 0.025))
    pieces += _pieces(stage, CROWDS, round(honest * rng.uniform(0.26, 0.4)), bounds=None, fraud=False, cap=cap)
    left = ballots - sum(len(each.part.at) for each in pieces)
    pieces.append(
        _Piece(background(stage, left), fraud=False, family="background", instance="background", scripted=False)
    )
    return _world(stage, pieces)


def _pieces(
    stage: Stage,
    table: Mapping[str, Family],
    total: int,
    *,
    bounds: tuple[int, int] | None,
    fraud: bool,
    cap: int = 1 << 60,
) -> Iterator[_Piece]:
    names = sorted(table)
    fitting = min(len(names), total // 110)
    if fitting < 1:
        return
    names = sorted(str(each) for each in stage.rng.choice(names, fitting, replace=False))
    shares = 0.45 / len(names) + 0.55 * stage.rng.dirichlet(np.full(len(names), 3.0))
    for name, share in zip(names, shares, strict=True):
        family = table[name]
        least, most = bounds or (min(family.least, cap // 4), min(family.most, cap))
        for number, size in enumerate(_sizes(stage.rng, round(total * share), least, most), 1):
            part = family.make(stage, size).head(size)
            yield _Piece(part, fraud, name, f"{name}#{number}", family.scripted)


def _sizes(rng: np.random.Generator, total: int, least: int, most: int) -> list[int]:
    """Sizes of campaigns that sum up to the total, spread evenly in their logarithm."""
    typical = (most - least) / np.log(max(most / least, 1.01))
    count = max(1, round(total / typical), -(-total // most))
    drawn = np.exp(rng.uniform(np.log(least), np.log(most + 1), count))
    for _ in range(8):
        drawn = np.clip(drawn * total / drawn.sum(), min(least, total), most)
    return [max(1, int(each)) for each in drawn]


def _world(stage: Stage, pieces: list[_Piece]) -> World:
    parts = [each.part for each in pieces]
    sizes = np.array([len(each.at) for each in parts])
    order = np.argsort(np.concatenate([each.at for each in parts]), kind="stable")
    part = _joined(parts, order)
    piece = np.repeat(np.arange(len(pieces)), sizes)[order]
    codes = pl.Series([f"{code:03d}" for code in range(1, stage.entries + 1)])
    events = _events(stage, part, codes)
    labels = pl.DataFrame(
        {
            "id": events["id"],
            "fraud": pl.Series([each.fraud for each in pieces]).gather(piece),
            "family": pl.Series([each.family for each in pieces]).gather(piece),
            "instance": pl.Series([each.instance for each in pieces]).gather(piece),
            "scripted": pl.Series([each.scripted for each in pieces]).gather(piece),
        }
    )
    return World(events, labels, codes.to_list(), stage.opens, stage.closes, "day")


def _joined(parts: list[Part], order: Ints) -> Part:
    def column(name: str) -> Ints:
        joined: Ints = np.concatenate([getattr(each, name) for each in parts])[order]
        return joined

    names = Addresses.__slots__
    where = Addresses(*(np.concatenate([getattr(each.where, name) for each in parts])[order] for name in names))
    return Part(*(column(name) for name in Part.__slots__ if name != "where"), where)  # type: ignore[call-arg,arg-type]


def _hex(numbers: Ints, salt: int) -> pl.Series:
    """Opaque texts, different for different numbers (a mixer that loses nothing)."""
    mixed = numbers.astype(np.uint64) + np.uint64(salt)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    words = pl.Series([f"{each:04x}" for each in range(65536)])
    four = [words.gather((mixed >> np.uint64(shift) & np.uint64(65535)).astype(np.int64)) for shift in (48, 32, 16, 0)]
    return pl.select(pl.concat_str(four)).to_series()


def _moments(values: Ints) -> pl.Series:
    return pl.Series(values).cast(pl.Datetime("ms", "UTC"))


def _events(stage: Stage, part: Part, codes: pl.Series) -> pl.DataFrame:
    salts = [int(each) for each in stage.rng.integers(1 << 62, size=3)]
    size = len(part.at)
    facts = pl.DataFrame(
        {
            "id": _hex(np.arange(size), salts[0]),
            "at": _moments(part.at),
            "voter": _hex(part.voter, salts[1]),
            "entry": codes.gather(part.entry),
            "device": _hex(part.device, salts[2]),
            "device_issued_at": _moments(part.issued),
            "opened_at": _moments(part.opened),
            "ip": texts(part.where.net, part.where.host),
            "asn": part.where.asn,
            "hosting": part.where.hosting,
            "odd": part.odd,
            "cell": part.where.cell,
            "number": part.device * 7919 % 9973,
            "foreign": pl.Series(_FOREIGN).gather(part.entry % len(_FOREIGN)),
            "tool": pl.Series(_TOOLS).gather(part.client % len(_TOOLS)),
            "challenge_passed": pl.Series(~np.isnan(part.solving)).replace(False, None),
            "challenge_ms": pl.Series(part.solving).fill_nan(None).cast(pl.Int64),
        }
    )
    return _rendered(facts.hstack(stage.clients.table[part.client]))


def _rendered(rows: pl.DataFrame) -> pl.DataFrame:
    """Texts of the clients, and what is odd about some."""

    def odd(bit: int) -> pl.Expr:
        return (pl.col("odd") & bit) > 0

    agent = pl.concat_str(
        "head",
        pl.when("webid").then(pl.concat_str(pl.lit(" MMWEBID/"), "number")).otherwise(pl.lit("")),
        "mid",
        pl.when("wechat").then(pl.when("cell").then(pl.lit(" NetType/5G")).otherwise(pl.lit(" NetType/WIFI"))),
        "tail",
        ignore_nulls=True,
    )
    false = pl.when(pl.col("sec_ch_ua_platform") == '"Windows"').then(pl.lit('"Linux"')).otherwise(pl.lit('"Windows"'))
    rows = rows.with_columns(
        pl.when(odd(TOOL)).then("tool").otherwise(agent).alias("user_agent"),
        pl.when(~odd(NO_LANGUAGE | TOOL)).then("accept_language"),
        *(pl.when(~odd(NO_HINTS | TOOL)).then(name).alias(name) for name in _HINTS if name != "sec_ch_ua_platform"),
        pl.when(odd(FALSE_HINTS))
        .then(false)
        .when(~odd(NO_HINTS | TOOL))
        .then("sec_ch_ua_platform")
        .alias("sec_ch_ua_platform"),
        pl.when(odd(CROSS_SITE))
        .then(pl.lit("cross-site"))
        .when(~odd(TOOL))
        .then("sec_fetch_site")
        .alias("sec_fetch_site"),
        pl.when(odd(CROSS_SITE | FOREIGN_PAGE)).then("foreign").when(~odd(TOOL)).then("referer").alias("referer"),
        pl.when(odd(FAR_ZONE)).then(pl.lit("America/New_York")).otherwise("zone").alias("timezone"),
    )
    reported = rows.with_columns(pl.when(~odd(NO_REPORT | TOOL)).then(name).alias(name) for name in CLIENT)
    assert set(HEADERS) <= set(reported.columns)
    return reported.select(COLUMNS)
