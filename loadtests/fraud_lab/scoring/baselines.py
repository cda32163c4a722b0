"""Naive rules, as contests use them, to compare with."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

_TOOLS = r"(?i)python-requests|curl/|Go-http|HeadlessChrome|PhantomJS|okhttp|HttpClient"
_DWELL_MS = 2000
_ZONE = "Asia/Shanghai"


def _first(events: pl.DataFrame, key: str, count: int) -> pl.Series:
    """True for the first `count` ballots of each key and day, and where the key is unknown."""
    day = pl.col("at").dt.convert_time_zone(_ZONE).dt.date()
    place = pl.int_range(pl.len()).over(key, day)
    return events.select((pl.col(key).is_null() | (place < count)).alias(key))[key]


def _clients(events: pl.DataFrame) -> pl.Series:
    """True where user agent and headers agree."""
    agent, hint = pl.col("user_agent").fill_null(""), pl.col("sec_ch_ua_platform").fill_null("")
    tool = agent.str.contains(_TOOLS) | (agent == "")
    contradicts = (hint == '"Windows"') & ~agent.str.contains("Windows") | (hint == '"Android"') & ~agent.str.contains(
        "Android"
    )
    cross = pl.col("sec_fetch_site").fill_null("") == "cross-site"
    wrong = tool | contradicts | cross | pl.col("accept_language").is_null()
    return events.select((~wrong).alias("fine"))["fine"]


def _not_hosted(events: pl.DataFrame) -> pl.Series:
    return events.select((~pl.col("hosting").fill_null(value=False)).alias("fine"))["fine"]


def _read(events: pl.DataFrame) -> pl.Series:
    took = (pl.col("at") - pl.col("opened_at")).dt.total_milliseconds()
    return events.select((took.fill_null(_DWELL_MS + 1) > _DWELL_MS).alias("fine"))["fine"]


def _everything(events: pl.DataFrame) -> pl.Series:
    return pl.repeat(value=True, n=len(events), eager=True)


def _devices(events: pl.DataFrame) -> pl.Series:
    return _first(events, "device", 1)


def _and(*rules: Callable[[pl.DataFrame], pl.Series]) -> Callable[[pl.DataFrame], pl.Series]:
    def all_of(events: pl.DataFrame) -> pl.Series:
        found = _everything(events)
        for rule in rules:
            found = found & rule(events)
        return found

    return all_of


def _per_address(count: int) -> Callable[[pl.DataFrame], pl.Series]:
    return lambda events: _first(events, "ip", count)


# For a world's events, each returns which are counted.
BASELINES: dict[str, Callable[[pl.DataFrame], pl.Series]] = {
    "nothing": _everything,
    "first per address and day": _per_address(1),
    "first 10 per address and day": _per_address(10),
    "first 50 per address and day": _per_address(50),
    "one per device and day": _devices,
    "device + user agent": _and(_devices, _clients),
    "device + user agent + hosting": _and(_devices, _clients, _not_hosted),
    "device + user agent + hosting + reading time": _and(_devices, _clients, _not_hosted, _read),
    "all of these + 20 per address": _and(_devices, _clients, _not_hosted, _read, _per_address(20)),
}
