"""A world's numbers as the events' columns."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from loadtests.fraud_lab.profiles.composer import groups as kinds
from loadtests.fraud_lab.profiles.composer.groups import Columns
from loadtests.fraud_lab.profiles.composer.places import HOSTING, Ints
from loadtests.fraud_lab.profiles.composer.setting import Setting
from loadtests.fraud_lab.simulator.rendering import CLIENT, COLUMNS

_HEX = 24
_SITE = "https://vote.example.cn"
_OTHER = ("https://news.example.net", "https://game.example.org", "https://video.example.com")
_TOOLS = (
    "python-requests/2.31.0",
    "Go-http-client/1.1",
    "okhttp/4.9.3",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/121.0.0.0 Safari/537.36",
)
_AWAY = ("UTC", "America/New_York", "Asia/Tokyo", "Europe/London")
_KIND = pl.col("kind")


def names(rng: np.random.Generator, count: int) -> pl.Series:
    """Opaque texts."""
    text = rng.bytes(count * _HEX // 2).hex()
    return pl.Series([text[start : start + _HEX] for start in range(0, count * _HEX, _HEX)], dtype=pl.String)


def events(rng: np.random.Generator, setting: Setting, columns: Columns, entries: list[str]) -> pl.DataFrame:
    """The events in the order of `columns`."""
    count = len(columns["at"])
    numbers = pl.DataFrame({name: column for name, column in columns.items() if name not in ("high", "low")})
    phones = setting.phones.table[columns["phone"]]
    frame = pl.concat((numbers, phones), how="horizontal").with_columns(
        id=names(rng, count),
        voter=_named(rng, columns["voter"]),
        device=_named(rng, columns["device"]),
        entry=pl.Series(entries)[columns["entry"]],
        ip=_ip(columns["high"], columns["low"]),
        choice=rng.integers(0, 12, count),
        passed=rng.random(count) < 0.995,
    )
    frame = frame.with_columns(**_plain(), **_agent(), **_headers()).with_columns(**_report())
    return frame.with_columns(pl.lit(None, frame.schema[name]).alias(name) for name in setting.lacking).select(COLUMNS)


def _named(rng: np.random.Generator, numbers: Ints) -> pl.Series:
    return names(rng, int(numbers.max()) + 1)[numbers]


def _ip(high: Ints, low: Ints) -> pl.Series:
    def parts(number: Ints, width: int, count: int, texts: pl.Series) -> list[pl.Series]:
        places = range(width * (count - 1), -1, -width)
        return [texts[number >> place & (1 << width) - 1].alias(str(place)) for place in places]

    decimal = pl.Series([str(each) for each in range(256)])
    hexes = pl.Series([f"{each:x}" for each in range(65_536)])
    four = pl.DataFrame(parts(high & 0xFFFFFFFF, 8, 4, decimal)).select(pl.concat_str(pl.all(), separator="."))
    front = pl.DataFrame(parts(high, 16, 4, hexes)).select(pl.concat_str(pl.all(), separator=":"))
    back = pl.DataFrame(parts(low, 16, 4, hexes)).select(pl.concat_str(pl.all(), separator=":"))
    six = front.to_series() + ":" + back.to_series()
    return six.zip_with(pl.Series(high > 0xFFFFFFFF), four.to_series())


def _moment(name: str) -> pl.Expr:
    return pl.col(name).cast(pl.Datetime("ms", "UTC"))


def _plain() -> Mapping[str, pl.Expr]:
    return {
        "at": _moment("at"),
        "opened_at": _moment("opened"),
        "device_issued_at": _moment("issued"),
        "hosting": pl.col("asn").is_in(HOSTING),
        "challenge_passed": pl.col("passed"),
        "challenge_ms": pl.col("challenge"),
    }


def _one_of(options: tuple[str, ...]) -> pl.Expr:
    return pl.col("choice").replace_strict(list(range(12)), [options[each % len(options)] for each in range(12)])


def _agent() -> Mapping[str, pl.Expr]:
    network = pl.when(pl.col("mobile") == 0).then(pl.lit("WIFI"))
    carrier = network.when(pl.col("choice") < 5).then(pl.lit("4G")).otherwise(pl.lit("5G"))
    numbered = (
        pl.when(pl.col("head").str.ends_with("MMWEBID/")).then(pl.col("serial").cast(pl.String)).otherwise(pl.lit(""))
    )
    wechat = pl.concat_str("head", numbered, "middle", carrier, "tail")
    plain = pl.when(pl.col("middle") == "").then(pl.col("head")).otherwise(wechat)
    return {"user_agent": pl.when(_KIND == kinds.AUTOMATED).then(_one_of(_TOOLS)).otherwise(plain)}


def _without(which: tuple[int, ...], value: pl.Expr) -> pl.Expr:
    return pl.when(~_KIND.is_in(which)).then(value)


def _headers() -> Mapping[str, pl.Expr]:
    hints = (kinds.UNHINTED, kinds.AUTOMATED)
    brands, platform, mobile = (pl.col(name) for name in ("sec_ch_ua", "sec_ch_ua_platform", "sec_ch_ua_mobile"))
    older = brands.str.replace_all(r'v="1\d\d"', 'v="109"')
    foreign = _KIND == kinds.EMBEDDED
    site = pl.when(foreign).then(pl.lit("cross-site")).when(pl.col("fetches")).then(pl.lit("same-origin"))
    origin = pl.when(foreign).then(_one_of(_OTHER)).otherwise(pl.lit(_SITE))
    spoken = pl.when(_KIND == kinds.ENGLISH).then(pl.lit("en-US,en;q=0.9")).otherwise(pl.col("accept_language"))
    desktop = (_KIND == kinds.DESKTOP) & brands.is_not_null()
    return {
        "accept_language": _without((kinds.MUTE, kinds.AUTOMATED), spoken),
        "sec_ch_ua": _without(hints, pl.when(_KIND == kinds.OTHER_VERSION).then(older).otherwise(brands)),
        "sec_ch_ua_platform": _without(hints, pl.when(desktop).then(pl.lit('"Linux"')).otherwise(platform)),
        "sec_ch_ua_mobile": _without(hints, pl.when(desktop).then(pl.lit("?0")).otherwise(mobile)),
        "sec_fetch_site": _without((kinds.AUTOMATED,), site),
        "origin": _without((kinds.BARE,), origin),
        "referer": _without((kinds.BARE,), pl.concat_str(origin, pl.lit("/e/"), "entry")),
    }


def _report() -> Mapping[str, pl.Expr]:
    """What the page's script says; a tool that runs none says nothing."""
    platform = pl.when(_KIND == kinds.DESKTOP).then(pl.lit("Linux x86_64")).otherwise(pl.col("platform"))
    zone = pl.when(_KIND == kinds.AWAY).then(_one_of(_AWAY)).otherwise(pl.lit("Asia/Shanghai"))
    said = {"timezone": zone, "platform": platform}
    return {name: _without((kinds.AUTOMATED, kinds.UNREPORTED), said.get(name, pl.col(name))) for name in CLIENT}
