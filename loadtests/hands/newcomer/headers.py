"""What a browser tells: headers and the page's report, as columns of texts."""

from __future__ import annotations

import polars as pl

from loadtests.hands.newcomer import oddities as odds
from loadtests.hands.newcomer.ballots import MINI_PROGRAM, Ballots
from loadtests.hands.newcomer.dice import Array, Rng

_ORIGIN = "https://vote.example.cn"
_FOREIGN = "https://m.kuaikan-news.example"
_SEARCH = "https://www.baidu.com/"
_APP = "wx7d0c41f0a52be913"
_ENTRY_PAGE, _LIST_PAGE = 0, 1
_ZONES = pl.Series([None, "America/New_York", "America/Los_Angeles", "Europe/London", "Australia/Sydney", "Asia/Tokyo"])
_LANGUAGES = pl.Series([None, "en-US,en", "en-US,zh-CN"])
_ACCEPTED = pl.Series([None, "en-US,en;q=0.9", "en-US,en;q=0.9,zh-CN;q=0.8"])
_SYSTEMS = pl.Series(['"Windows"', '"Linux"', '"macOS"', '"Android"'])
_SCREENS = pl.Series(["412x732", "800x1280", "1024x768", "1680x945", "540x960", "375x700"])
_NETWORKS = pl.Series(["WIFI", "4G", "5G"])
_ODD = pl.col("odd")


def told(rng: Rng, rows: Ballots, profiles: pl.DataFrame, codes: pl.Series, web_id: Array) -> pl.DataFrame:
    """All headers and the page's report of ballots with these profiles, entries' codes and numbers of devices."""
    n = len(rows["at"])
    table = profiles.with_columns(
        pl.Series("odd", rows["odd"]),
        pl.Series("channel", rows["channel"]),
        pl.Series("page", rows["page"]),
        pl.Series("web_id", web_id),
        codes.alias("entry"),
        _NETWORKS.gather(rows["network"]).alias("network"),
        _ZONES.gather(rows["zone"]).alias("other_zone"),
        _LANGUAGES.gather(rows["language"]).alias("other_languages"),
        _ACCEPTED.gather(rows["language"]).alias("other_accepted"),
        _SYSTEMS.gather(rng.integers(0, 4, n)).alias("other_system"),
        _SCREENS.gather(rng.integers(0, 6, n)).alias("other_screen"),
    )
    return table.select(_user_agent(), *_languages_and_hints(), *_where_from(), *_report())


def _user_agent() -> pl.Expr:
    """WeChat's names the device, on Android, and the network; a mini program's also itself."""
    nothing = pl.lit("")
    system = pl.when("numbered").then(pl.lit("android")).otherwise(pl.lit("ios"))
    mini = pl.concat_str(pl.lit(" MiniProgramEnv/"), system, pl.lit(f" miniProgram/{_APP}"))
    return pl.concat_str(
        "head",
        pl.when("numbered").then(pl.col("web_id").cast(pl.String)).otherwise(nothing),
        "middle",
        pl.when("networked").then("network").otherwise(nothing),
        "tail",
        pl.when((pl.col("channel") == MINI_PROGRAM) & pl.col("networked")).then(mini).otherwise(nothing),
    ).alias("user_agent")


def _languages_and_hints() -> list[pl.Expr]:
    hinted = ~_ODD.is_in([odds.NO_HINTS, odds.BARE])
    english = pl.when(_ODD == odds.ENGLISH).then(pl.lit("en-US,en;q=0.9"))
    lying = (_ODD == odds.CONTRADICTION) & pl.col("sec_ch_ua").is_not_null()
    system = pl.when(lying).then("other_system").otherwise("sec_ch_ua_platform")
    accepted = english.otherwise(pl.coalesce("other_accepted", "accept_language"))
    return [
        pl.when(~_ODD.is_in([odds.NO_LANGUAGE, odds.BARE])).then(accepted).alias("accept_language"),
        pl.when(hinted).then("sec_ch_ua").alias("sec_ch_ua"),
        pl.when(hinted).then(system).alias("sec_ch_ua_platform"),
        pl.when(hinted).then("sec_ch_ua_mobile").alias("sec_ch_ua_mobile"),
    ]


def _where_from() -> list[pl.Expr]:
    """Fetch metadata, origin and referer."""
    foreign = pl.when(_ODD == odds.EMBEDDED)
    crossing = pl.when(_ODD.is_in([odds.CROSS_SITE, odds.EMBEDDED])).then(pl.lit("cross-site"))
    fetching = ~_ODD.is_in([odds.NO_FETCH_METADATA, odds.BARE]) & pl.col("fetches")
    named = ~_ODD.is_in([odds.NO_ORIGIN, odds.BARE])
    origin = foreign.then(pl.lit(_FOREIGN)).otherwise(pl.lit(_ORIGIN))
    referer = foreign.then(pl.lit(f"{_FOREIGN}/")).when(_ODD == odds.FROM_SEARCH).then(pl.lit(_SEARCH))
    return [
        pl.when(fetching).then(crossing.otherwise(pl.lit("same-origin"))).alias("sec_fetch_site"),
        pl.when(named).then(origin).alias("origin"),
        pl.when(named).then(referer.otherwise(_page())).alias("referer"),
    ]


def _page() -> pl.Expr:
    """The entry's page, the list or nothing; a mini program names itself."""
    mini = (pl.col("channel") == MINI_PROGRAM) & pl.col("page").is_in([_ENTRY_PAGE, _LIST_PAGE])
    return (
        pl.when(mini)
        .then(pl.lit(f"https://servicewechat.com/{_APP}/12/page-frame.html"))
        .when(pl.col("page") == _ENTRY_PAGE)
        .then(pl.concat_str(pl.lit(f"{_ORIGIN}/e/"), "entry"))
        .when(pl.col("page") == _LIST_PAGE)
        .then(pl.lit(f"{_ORIGIN}/"))
    )


def _report() -> list[pl.Expr]:
    """What the page's script reports."""
    english = pl.when(_ODD == odds.ENGLISH).then(pl.lit("en-US,en"))
    lying = (_ODD == odds.CONTRADICTION) & pl.col("sec_ch_ua").is_null()
    values = {
        "screen": pl.when(_ODD == odds.MADE_UP_SCREEN).then("other_screen").otherwise("screen"),
        "dpr": pl.col("dpr"),
        "languages": english.otherwise(pl.coalesce("other_languages", "languages")),
        "timezone": pl.when(_ODD == odds.FAR_ZONE)
        .then(pl.lit("Asia/Tokyo"))
        .otherwise(pl.coalesce("other_zone", "timezone")),
        "platform": pl.when(lying).then(pl.lit("Linux x86_64")).otherwise("platform"),
    }
    reported = ~_ODD.is_in([odds.NO_REPORT, odds.BARE])
    return [pl.when(reported).then(value).alias(name) for name, value in values.items()]
