"""Ballots as the server would have received them; some of what is known gets lost."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import polars as pl

from loadtests.hands.literal.browsers import brands
from loadtests.hands.literal.rows import (
    CROSS_SITE,
    CUT_AGENT,
    NETWORKS,
    NO_HINTS,
    NO_LANGUAGE,
    OTHER_HINTS,
    STRAY,
    STRAY_CROSS,
    Ballots,
    Ints,
)
from loadtests.hands.literal.scene import Scene
from loadtests.hands.literal.texts import addresses, keys, moments
from loadtests.traffic.rendering import CLIENT, COLUMNS

_SITE = "https://vote.example.org"
_STRAYS = np.array(["https://www.kandian-news.cn", "https://bbs.lvyou88.com", "https://m.xs123.net"])
# What gets lost together, and how often.
_LOST: tuple[tuple[tuple[str, ...], float], ...] = (
    (CLIENT, 0.015),
    (("asn", "hosting"), 0.01),
    (("opened_at",), 0.005),
    (("device", "device_issued_at"), 0.004),
)


def rendered(scene: Scene, ballots: Ballots, seed: int) -> pl.DataFrame:
    """One row a ballot with COLUMNS, null where unknown."""
    opens = scene.clock.opens
    at = opens + _ms(ballots.at)
    opened = at - np.maximum(1, _ms(ballots.dwell))
    issued = np.minimum(opens + _ms(ballots.issued), opened)
    events = _requests(scene, ballots).with_columns(
        id=keys(np.arange(len(ballots)), seed * 4 + 1),
        at=moments(at),
        voter=keys(ballots.voter, seed * 4 + 2),
        entry=pl.Series(scene.codes).gather(ballots.entry),
        channel=pl.when("wechat").then(pl.lit("wechat")).otherwise(pl.lit("web")),
        device=keys(ballots.device, seed * 4 + 2),
        device_issued_at=moments(issued),
        opened_at=moments(opened),
        ip=addresses(ballots.ip, ballots.six),
        asn=pl.Series(ballots.asn),
        # What is known of hosting is known of IPv4 only.
        hosting=pl.Series(ballots.hosting & (ballots.six < 0)),
        challenge_passed=pl.lit(None, pl.Boolean),
        challenge_ms=pl.lit(None, pl.Int64),
    )
    return _lose(scene, events).select(COLUMNS)


def _ms(seconds: np.ndarray) -> Ints:
    return np.round(seconds * 1000).astype(np.int64)


def _requests(scene: Scene, ballots: Ballots) -> pl.DataFrame:
    """User agents and headers, and what scripts of the page report."""
    profiles = pl.DataFrame([asdict(each) for each in scene.clients.profiles], infer_schema_length=None)
    table = profiles[ballots.profile].with_columns(
        odd=pl.Series(ballots.odd),
        net=pl.Series(np.array(NETWORKS)[ballots.air]),
        foreign=pl.Series(_STRAYS[ballots.entry % len(_STRAYS)]),
        page=pl.Series(ballots.entry).cast(pl.String),
    )
    return table.with_columns(*_agent(), *_hints(), *_sources())


def _agent() -> list[pl.Expr]:
    odd = pl.col("odd")
    agent = (
        pl.when(odd == CUT_AGENT)
        .then(pl.col("head").str.replace(r" (Weixin )?NetType/$", ""))
        .when(pl.col("wechat"))
        .then(pl.concat_str("head", "net", "tail"))
        .otherwise("head")
    )
    return [
        agent.alias("user_agent"),
        pl.when(odd == NO_LANGUAGE).then(None).otherwise("accept").alias("accept_language"),
    ]


def _hints() -> list[pl.Expr]:
    odd = pl.col("odd")
    other = pl.when(pl.col("hint") == '"Windows"').then(pl.lit('"Linux"')).otherwise(pl.lit('"Windows"'))
    columns = {
        "sec_ch_ua": ("brands", pl.col("brands").fill_null(brands(124))),
        "sec_ch_ua_platform": ("hint", other),
        "sec_ch_ua_mobile": ("mobile", pl.lit("?0")),
    }
    return [
        pl.when(odd == NO_HINTS).then(None).when(odd == OTHER_HINTS).then(wrong).otherwise(usual).alias(name)
        for name, (usual, wrong) in columns.items()
    ]


def _sources() -> list[pl.Expr]:
    """Where the request says that it comes from."""
    odd, bare, site = pl.col("odd"), pl.col("bare"), pl.lit(_SITE)
    stray = odd.is_in([STRAY, STRAY_CROSS])
    # A browser without these headers does not begin to send them.
    cross = odd.is_in([CROSS_SITE, STRAY_CROSS]) & pl.col("fetch").is_not_null()
    own, foreign = pl.concat_str(site, pl.lit("/e/"), "page"), pl.concat_str("foreign", pl.lit("/"))
    return [
        pl.when(cross).then(pl.lit("cross-site")).otherwise("fetch").alias("sec_fetch_site"),
        pl.when(bare).then(None).when(stray).then("foreign").otherwise(site).alias("origin"),
        pl.when(bare).then(None).when(stray).then(foreign).otherwise(own).alias("referer"),
    ]


def _lose(scene: Scene, events: pl.DataFrame) -> pl.DataFrame:
    """Null where the server did not learn it."""
    bare = events["bare"]
    for names, share in _LOST:
        lost = pl.Series(scene.random.random(len(events)) < share)
        # A program runs no script that could report.
        gone = lost | bare if names == CLIENT else lost
        events = events.with_columns(pl.when(gone).then(None).otherwise(name).alias(name) for name in names)
    return events
