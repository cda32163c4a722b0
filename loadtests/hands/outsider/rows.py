"""Acts as the rows of a world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loadtests.hands.outsider.base import (
    BARE,
    CLASH,
    FOREIGN,
    NO_LANGUAGE,
    NO_REFERER,
    SILENT,
    Acts,
    Codes,
    Ints,
    mixed,
)
from loadtests.hands.outsider.clients import SITE, catalogue
from loadtests.traffic.rendering import COLUMNS

_BARELESS = (
    "accept_language",
    "sec_ch_ua",
    "sec_ch_ua_platform",
    "sec_ch_ua_mobile",
    "sec_fetch_site",
    "origin",
    "referer",
)
_MINI = "https://servicewechat.com/wx5f1c3a9e70b2d846/37/page-frame.html"
_ZONES = {
    7922: "America/New_York",
    5089: "Europe/London",
    2856: "Europe/London",
    786: "Europe/London",
    17676: "Asia/Tokyo",
}
_MOMENT = pl.Datetime("ms", "UTC")


@dataclass(frozen=True, slots=True)
class Cast:
    """Acts with their label."""

    acts: Acts
    fraud: bool
    family: str
    instance: str
    scripted: bool


def rendered(casts: Sequence[Cast], rng: np.random.Generator) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Events and labels, both sorted by time."""
    raw = pl.concat([_raw(cast, number) for number, cast in enumerate(casts)]).sort("at", maintain_order=True)
    count = len(raw)
    keys = mixed(np.arange(count, dtype=np.uint64) + np.uint64(rng.integers(2**62)))
    asked = rng.random(count) < 0.02
    raw = raw.with_columns(
        id=_hex(keys),
        challenge_passed=pl.when(pl.Series(asked)).then(pl.Series(rng.random(count) < 0.98)),
        challenge_ms=pl.when(pl.Series(asked)).then(pl.Series(rng.lognormal(7, 0.5, count)).cast(pl.Int64)),
    )
    table = catalogue().drop("weight", "share")
    events = raw.hstack(table[raw["profile"].to_numpy()]).with_columns(user_agent=_agent(), **_sent())
    events = events.with_columns(_flaws()).select(COLUMNS)
    names = ("fraud", "family", "instance", "scripted")
    given = pl.DataFrame([{name: getattr(cast, name) for name in names} for cast in casts])
    return events, raw.select("id").hstack(given[raw["cast"].to_numpy()])


def _raw(cast: Cast, number: int) -> pl.DataFrame:
    acts, crew = cast.acts, cast.acts.crew
    opened = acts.at - acts.reading
    device = crew.device[acts.who]
    return pl.DataFrame(
        {
            "at": pl.Series(acts.at).cast(_MOMENT),
            "voter": _hex(mixed(crew.key)[acts.who]),
            "entry": pl.Series(acts.entry).cast(pl.String).str.zfill(3),
            "device": _hex(mixed(device)),
            "device_issued_at": pl.Series(_issued(acts, opened)).cast(_MOMENT),
            "opened_at": pl.Series(opened).cast(_MOMENT),
            "ip": _addresses(acts),
            "asn": acts.place.asn.astype(np.int64),
            "hosting": acts.place.hosting,
            "profile": acts.crew.profile[acts.who].astype(np.int64),
            "flaw": acts.flaw.astype(np.int64),
            "mobile": acts.place.mobile,
            "number": (crew.key[acts.who] % np.uint64(9000)).astype(np.int64) + 1000,
            "cast": np.full(len(opened), number, dtype=np.int64),
            "bare": device == 0,
        }
    ).with_columns(pl.when(~pl.col("bare")).then(name).alias(name) for name in ("device", "device_issued_at"))


def _issued(acts: Acts, opened: Ints) -> Ints:
    """When each token was issued: its age before its first page, also where accounts share it."""
    tokens, first_of, which = np.unique(acts.crew.device, return_index=True, return_inverse=True)
    first = np.full(len(tokens), np.iinfo(np.int64).max)
    np.minimum.at(first, which[acts.who], opened)
    issued: Ints = (first - acts.crew.age[first_of])[which[acts.who]]
    return issued


def _hex(codes: Codes) -> pl.Series:
    text = codes.astype(">u8").tobytes().hex()
    return pl.Series([text[start : start + 16] for start in range(0, len(text), 16)], dtype=pl.String)


def _addresses(acts: Acts) -> pl.Series:
    code = acts.place.code
    # A phone or PC keeps its lower half within a network.
    low = mixed(code ^ acts.crew.key[acts.who])
    return pl.Series([_address(*pair) for pair in zip(code.tolist(), low.tolist(), strict=True)], dtype=pl.String)


def _address(code: int, low: int) -> str:
    if code < 2**32:
        return f"{code >> 24}.{code >> 16 & 255}.{code >> 8 & 255}.{code & 255}"
    return ":".join(f"{half >> shift & 0xFFFF:x}" for half in (code, low) for shift in (48, 32, 16, 0))


def _agent() -> pl.Expr:
    network = pl.when("mobile").then(pl.lit("5G")).otherwise(pl.lit("WIFI"))
    number = pl.when(pl.col("middle").is_not_null()).then("number").cast(pl.String)
    parts = [
        pl.col("head"),
        number,
        pl.col("middle"),
        pl.when(pl.col("tail").is_not_null()).then(network),
        pl.col("tail"),
    ]
    return pl.concat_str(parts, ignore_nulls=True)


def _sent() -> dict[str, pl.Expr]:
    """What the page's own request carries."""
    mini, tool = pl.col("channel") == "mini_program", pl.col("kind") == "tool"
    page = pl.concat_str(pl.lit(f"{SITE}/entry/"), "entry")
    return {
        "sec_fetch_site": pl.when(~mini & ~tool).then(pl.lit("same-origin")),
        "origin": pl.when(~mini & ~tool).then(pl.lit(SITE)),
        "timezone": pl.when(~tool).then(
            pl.col("asn").replace_strict(_ZONES, default="Asia/Shanghai", return_dtype=pl.String)
        ),
        "referer": pl.when(mini).then(pl.lit(_MINI)).when(~tool).then(page),
    }


def _flaws() -> list[pl.Expr]:
    flaw = pl.col("flaw")
    lost = {name: [BARE] for name in _BARELESS} | {
        "accept_language": [BARE, NO_LANGUAGE],
        "referer": [BARE, NO_REFERER],
    }
    lost |= {name: [BARE, SILENT] for name in ("screen", "dpr", "languages", "timezone", "platform")}
    foreign = {
        "sec_fetch_site": "cross-site",
        "origin": "https://www.hdyx88.example",
        "referer": "https://www.hdyx88.example/",
    }
    # Contradictory hints name the other of two systems, whether or not the client sends any.
    other = pl.when(pl.col("user_agent").str.contains("Windows")).then(pl.lit('"Linux"')).otherwise(pl.lit('"Windows"'))
    made: list[pl.Expr] = []
    for name, codes in lost.items():
        value: pl.Expr = pl.when(~flaw.is_in(codes)).then(name)
        if name in foreign:
            value = pl.when(flaw == FOREIGN).then(pl.lit(foreign[name])).otherwise(value)
        if name == "sec_ch_ua_platform":
            value = pl.when(flaw == CLASH).then(other).otherwise(value)
        made.append(value.alias(name))
    return made
