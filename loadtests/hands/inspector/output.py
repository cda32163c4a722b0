"""Drafts as the tables of a world."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import polars as pl

from loadtests.hands.inspector import stage as codes
from loadtests.hands.inspector.clock import Ints
from loadtests.hands.inspector.stage import Draft, Stage
from loadtests.traffic.rendering import COLUMNS

_SITE = "https://vote.example.cn"
_ZONES = "Asia/Shanghai UTC America/New_York America/Los_Angeles Europe/London Australia/Sydney Asia/Tokyo Asia/Urumqi"
_NETS = ("WIFI", "4G", "5G")
_LANGUAGES = (
    ("zh-CN,zh;q=0.9", "zh-CN,zh"),
    ("zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-CN,zh,en-US,en"),
    ("zh-CN,zh;q=0.9,en;q=0.8", "zh-CN,zh,en"),
    ("zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-TW,zh,en-US,en"),
    ("en-US,en;q=0.9,zh-CN;q=0.8,zh;q=0.7", "en-US,en,zh-CN,zh"),
)
_DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
_CHROMIUM = '"Not)A;Brand";v="8", "Chromium";v="131", "Google Chrome";v="131"'
_ELSEWHERE = "https://www.xiaoyouxi123.example"
# So many of the languages are of mainland Chinese, whose Safari names one only.
_CHINESE = 3
_ASKED = 0.03


@dataclass(frozen=True, slots=True)
class Cast:
    """An instance's ballots with their labels."""

    draft: Draft
    family: str
    instance: str
    fraud: bool = False
    scripted: bool = False


def tables(stage: Stage, casts: list[Cast]) -> tuple[pl.DataFrame, pl.DataFrame, list[str]]:
    """Events and labels in time order, and the codes of all entries."""
    salt = stage.rng.integers(1 << 62, size=5)
    names = pl.Series([f"{place + 1:03d}" for place in stage.rng.permutation(stage.entries)])
    draft, lead = _joined([cast.draft for cast in casts])
    lengths = [len(cast.draft.at) for cast in casts]
    order = np.argsort(draft.at, kind="stable")
    draft, lead, owner = draft.taken(order), lead[order], np.repeat(np.arange(len(casts)), lengths)[order]
    ids = _hex(np.arange(len(order)), salt[0])
    events = _events(stage, draft, salt, names[draft.entry]).with_columns(
        id=ids,
        device_issued_at=_moments(draft.at - draft.dwell - lead).set(pl.Series(draft.token < 0), None),
    )
    labels = pl.DataFrame(
        {name: [getattr(cast, name) for cast in casts] for name in ("fraud", "family", "instance", "scripted")}
    )[owner]
    return events.select(COLUMNS), labels.select(pl.Series("id", ids), pl.all()), names.sort().to_list()


def _joined(drafts: list[Draft]) -> tuple[Draft, Ints]:
    """All drafts with people, tokens and devices told apart, and the ms from a token's issue to each page."""
    for name in ("who", "token", "gadget"):
        base = 0
        for draft in drafts:
            column = getattr(draft, name)
            setattr(draft, name, np.where(column < 0, -1, column + base))
            base += int(column.max(initial=-1)) + 1
    one = Draft(
        **{each.name: np.concatenate([getattr(draft, each.name) for draft in drafts]) for each in fields(Draft)}
    )
    opened = one.at - one.dwell
    issued = np.full(int(one.token.max(initial=0)) + 2, np.iinfo(np.int64).max)
    np.minimum.at(issued, one.token, opened - one.lead)
    return one, opened - issued[one.token]


def _events(stage: Stage, draft: Draft, salt: Ints, entry: pl.Series) -> pl.DataFrame:
    install = _mixed(draft.gadget, salt[3])
    unknown = pl.Series(_mixed(draft.ip >> 8, salt[4]) % 40 == 0)
    free = pl.Series(_mixed(draft.at + draft.who, salt[4]) % 1000 >= _ASKED * 1000)
    # Few devices do not speak plain Chinese; half of those abroad speak English.
    part = install >> np.uint64(20) & np.uint64(1023)
    foreign = (draft.zone > codes.UTC) & (draft.zone < codes.URUMQI) & (part % 2 == 0)
    speech = np.where(foreign, 4, np.searchsorted([720, 900, 1008, 1016], part, side="right"))
    frame = stage.fleet.rows[draft.profile].with_columns(
        at=_moments(draft.at),
        voter=_hex(draft.who, salt[1]),
        device=_hex(draft.token, salt[2]).set(pl.Series(draft.token < 0), None),
        opened_at=_moments(draft.at - draft.dwell),
        ip=_addresses(draft.ip, install),
        asn=pl.Series(draft.asn).set(unknown, None),
        hosting=pl.Series(draft.hosting > 0).set(unknown, None),
        challenge_passed=pl.Series(np.ones(len(draft.at), bool)).set(free, None),
        challenge_ms=pl.Series(draft.work).set(free, None),
        timezone=pl.Series(_ZONES.split())[draft.zone],
        odd=pl.Series(draft.odd),
        user_agent=pl.col("agent")
        .str.replace("<id>", pl.lit(pl.Series(install % 9000 + 1000).cast(pl.String)), literal=True)
        .str.replace("<net>", pl.lit(pl.Series(_NETS)[draft.net]), literal=True),
        accept_language=pl.Series([sent for sent, _ in _LANGUAGES])[speech],
        languages=pl.Series([spoken for _, spoken in _LANGUAGES])[speech],
        origin=pl.lit(_SITE),
        entry=entry,
        referer=f"{_SITE}/e/" + entry,
    )
    return _odd(frame, pl.Series(speech < _CHINESE))


def _odd(frame: pl.DataFrame, chinese: pl.Series) -> pl.DataFrame:
    """Safari names fewer languages than Chromium; odd voters, scripts and foreign pages send other headers."""
    odd, kind = pl.col("odd"), pl.col("kind")
    apple, desktop = kind.is_in(["ios", "mac"]) & chinese, (odd == codes.DESKTOP) & (kind == "android")
    mute, contrary, cross = (odd == codes.NO_FETCH), (odd == codes.CONTRARY), (odd == codes.CROSS)
    hintless = (odd == codes.NO_HINTS) | desktop
    wrong = pl.when(kind == "windows").then(pl.lit('"Linux"')).otherwise(pl.lit('"Windows"'))
    return frame.with_columns(
        _sent("user_agent", (desktop, _DESKTOP)),
        _sent("accept_language", (odd == codes.NO_LANGUAGE, None), (apple, "zh-CN,zh-Hans;q=0.9")),
        _sent("sec_ch_ua", (hintless, None), (contrary, _CHROMIUM)),
        _sent("sec_ch_ua_platform", (hintless, None), (contrary, wrong)),
        _sent("sec_ch_ua_mobile", (hintless, None), (contrary, "?0")),
        _sent("sec_fetch_site", (mute, None), (cross & pl.col("sec_fetch_site").is_not_null(), "cross-site")),
        _sent("origin", (mute, None), (cross, _ELSEWHERE)),
        _sent("referer", (odd == codes.NO_REFERER, None), (cross, _ELSEWHERE + "/")),
        _sent("languages", (odd == codes.NO_REPORT, None), (apple, "zh-CN")),
        *(_sent(name, (odd == codes.NO_REPORT, None)) for name in ("screen", "dpr", "timezone", "platform")),
    )


def _sent(name: str, *cases: tuple[pl.Expr, str | pl.Expr | None]) -> pl.Expr:
    """The column, or what the first case that holds has instead."""
    value = pl.col(name)
    for holds, other in reversed(cases):
        value = pl.when(holds).then(other if isinstance(other, pl.Expr) else pl.lit(other)).otherwise(value)
    return value.alias(name)


def _moments(ms: Ints) -> pl.Series:
    return pl.Series(ms).cast(pl.Datetime("ms", "UTC"))


def _mixed(number: Ints, salt: int) -> npt.NDArray[np.uint64]:
    """Splitmix64: a bijection, so that different numbers stay different."""
    word = number.astype(np.uint64) + np.uint64(salt)
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return word ^ (word >> np.uint64(31))


def _hex(number: Ints, salt: int) -> pl.Series:
    raw = _mixed(number, salt).tobytes().hex().encode()
    return pl.Series(np.frombuffer(raw, dtype="S16").astype("U16"))


def _addresses(ip: Ints, install: npt.NDArray[np.uint64]) -> pl.Series:
    """IPv4 below 2^32; what is above is an IPv6 /64, in which each device has its own address."""
    parts = [(pl.col("ip") // (1 << shift) % 256).cast(pl.String) for shift in (24, 16, 8, 0)]
    text = pl.DataFrame({"ip": ip}).select(pl.concat_str(parts, separator=".")).to_series()
    wide = np.flatnonzero(ip >= 1 << 32)
    spelled = [
        ":".join(f"{word >> shift & 0xFFFF:x}" for word in pair for shift in (48, 32, 16, 0))
        for pair in zip(ip[wide].tolist(), install[wide].tolist(), strict=True)
    ]
    return text.scatter(wide, spelled) if spelled else text
