"""Ballots as the columns of a world's events."""

from __future__ import annotations

from functools import cache

import numpy as np
import polars as pl

from loadtests.fraud_lab.profiles.assessor.base import Floats, Ints, Keys, Odd, Rows, mix, unit
from loadtests.fraud_lab.profiles.assessor.clients import Clients
from loadtests.fraud_lab.simulator.rendering import CLIENT, COLUMNS

_TOOLS = ("python-requests/2.32.3", "okhttp/4.12.0", "Go-http-client/1.1", "HeadlessChrome/140.0.0.0", "curl/8.5.0")
_HINTS = ("sec_ch_ua", "sec_ch_ua_platform", "sec_ch_ua_mobile")
_CHROMIUM = '"Chromium";v="139", "Not;A=Brand";v="99", "Google Chrome";v="139"'


def events(rows: Rows, clients: Clients, rng: np.random.Generator) -> pl.DataFrame:
    """The ballots, in their order, as the events' columns."""
    n, salt = len(rows.at), int(rng.integers(1 << 40))
    # A geographical database lacks some networks.
    known = unit(rows.host >> np.uint64(8), salt) > 0.01
    frame = clients.table[rows.client].with_columns(
        _moment("at", rows.at),
        _moment("opened_at", rows.opened),
        _moment("device_issued_at", rows.issued),
        pl.Series("id", _hex(mix(np.arange(n), salt + 1))),
        pl.Series("voter", _hex(mix(rows.voter, salt + 2))),
        pl.Series("device", _hex(mix(rows.device, salt + 3))),
        pl.Series("entry", rows.entry).cast(pl.String).str.zfill(3),
        pl.Series("ip", _addresses(rows.net, rows.host)),
        pl.when(pl.Series(known)).then(pl.Series("asn", rows.asn)).alias("asn"),
        pl.when(pl.Series(known)).then(pl.Series("hosting", rows.hosting)).alias("hosting"),
        _user_agents(rows),
        *_challenges(rows, rng),
        odd=pl.Series(rows.odd),
    )
    return _spoiled(frame).select(COLUMNS)


def code(entry: int) -> str:
    """An entry's code."""
    return f"{entry:03}"


def _moment(name: str, values: Ints) -> pl.Expr:
    moments = pl.Series(name, values).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")
    return pl.when(pl.Series(values) >= 0).then(moments).alias(name)


@cache
def _words(width: int) -> pl.Series:
    """All 16-bit words in hex, of at least this width."""
    return pl.Series([f"{word:0{width}x}" for word in range(1 << 16)])


def _groups(values: Keys, width: int) -> list[pl.Series]:
    """The four 16-bit words of each value in hex."""
    parts = ((values >> np.uint64(shift)) & np.uint64(0xFFFF) for shift in (48, 32, 16, 0))
    return [_words(width)[part.astype(np.uint32)].alias(str(place)) for place, part in enumerate(parts)]


def _hex(values: Keys) -> pl.Series:
    return pl.select(pl.concat_str(_groups(values, 4))).to_series()


def _addresses(net: Keys, host: Keys) -> pl.Series:
    wide = [*_groups(net, 1), *_groups(host, 1)]
    octets = [pl.Series((host >> np.uint64(shift)) & np.uint64(255)).cast(pl.String) for shift in (24, 16, 8, 0)]
    narrow = pl.concat_str(octets, separator=".")
    return pl.select(
        pl.when(pl.Series(net == 0)).then(narrow).otherwise(pl.concat_str(wide, separator=":"))
    ).to_series()


def _user_agents(rows: Rows) -> pl.Expr:
    """Those that name the network and the installation get theirs."""
    fast = np.where(unit(rows.device, 91) < 0.55, "5G", "4G")
    network = pl.Series(np.where(rows.wifi, "WIFI", fast))
    installation = pl.Series((unit(rows.voter, 92) * 9999).astype(np.int64)).cast(pl.String)
    agent = pl.col("user_agent").str.replace("{mm}", pl.lit(installation), literal=True)
    return agent.str.replace("{net}", pl.lit(network), literal=True)


def _challenges(rows: Rows, rng: np.random.Generator) -> tuple[pl.Expr, pl.Expr]:
    """A few ballots of everybody are asked for a proof of work; scripts solve it faster and fail more often."""
    n = len(rows.at)
    median, failing = np.where(rows.scripted, 500, 1100), np.where(rows.scripted, 0.1, 0.02)
    took: Floats = median * np.exp(rng.normal(0, 0.6, n))
    asked, passed = pl.Series(rng.random(n) < 0.02), pl.Series(rng.random(n) > failing)
    ms = pl.Series(took.astype(np.int64))
    return pl.when(asked).then(passed).alias("challenge_passed"), pl.when(asked).then(ms).alias("challenge_ms")


def _spoiled(frame: pl.DataFrame) -> pl.DataFrame:
    """What is wrong with odd requests goes wrong."""
    odd = pl.col("odd")
    false = pl.when(pl.col("sec_ch_ua_platform") == '"Windows"').then(pl.lit('"Linux"')).otherwise(pl.lit('"Windows"'))
    tool = pl.lit(pl.Series(_TOOLS)).gather(pl.col("at").dt.epoch("ms").mod(len(_TOOLS)).cast(pl.UInt32))
    foreign = pl.lit("https://www.xinxianshi-zixun.cn")
    wrong = odd == Odd.WRONG_PLATFORM
    gone = {
        "accept_language": odd.is_in([Odd.NO_LANGUAGE, Odd.TOOL]),
        "sec_fetch_site": odd.is_in([Odd.NO_SCRIPT, Odd.TOOL]),
        "device": odd.is_in([Odd.NO_SCRIPT, Odd.TOOL]),
        "device_issued_at": odd.is_in([Odd.NO_SCRIPT, Odd.TOOL]),
        **dict.fromkeys(("origin", "referer"), odd.is_in([Odd.NO_ORIGIN, Odd.TOOL])),
        **dict.fromkeys(_HINTS, odd.is_in([Odd.NO_HINTS, Odd.TOOL])),
        **dict.fromkeys(CLIENT, odd.is_in([Odd.NO_SCRIPT, Odd.TOOL])),
    }
    set_to = {
        "sec_ch_ua": (wrong, pl.coalesce("sec_ch_ua", pl.lit(_CHROMIUM))),
        "sec_ch_ua_platform": (wrong, false),
        "sec_ch_ua_mobile": (wrong, pl.lit("?0")),
        "sec_fetch_site": (odd.is_in([Odd.CROSS_SITE, Odd.EMBEDDED]), pl.lit("cross-site")),
        **dict.fromkeys(("origin", "referer"), (odd == Odd.EMBEDDED, foreign)),
        "user_agent": (odd == Odd.TOOL, tool),
        "timezone": (odd == Odd.ABROAD, pl.lit("America/Los_Angeles")),
        "accept_language": (odd == Odd.ABROAD, pl.lit("en-US,en;q=0.9,zh-CN;q=0.8")),
        "languages": (odd == Odd.ABROAD, pl.lit("en-US,zh-CN")),
    }
    changed = frame.with_columns(
        pl.when(when).then(value).otherwise(name).alias(name) for name, (when, value) in set_to.items()
    )
    return changed.with_columns(pl.when(~when).then(name).otherwise(None).alias(name) for name, when in gone.items())
