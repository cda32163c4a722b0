"""Ballots as the server would have received them: numbers become texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import polars as pl

from loadtests.hands.foreign import rows as flag
from loadtests.hands.foreign.catalogue import Profile
from loadtests.hands.foreign.people import OWN_LINKS
from loadtests.hands.foreign.rows import NOTHING, Bools, Ints, Rows
from loadtests.hands.foreign.scene import Scene
from loadtests.traffic.rendering import COLUMNS

SITE = "https://vote.example.cn"
_AIR = ("WIFI", "5G", "4G")
_MINI_PAGE = "https://servicewechat.com/wxa1b7c2d94e6f8035/61/page-frame.html"
_GROUPS = (48, 32, 16, 0)
_LINKS = 256


def texts(scene: Scene, rows: Rows, codes: Sequence[str]) -> pl.DataFrame:
    """One row a ballot with COLUMNS, nothing lost yet."""
    table = _Table(scene.catalogue.profiles, rows.profile)
    keys = _Keys(scene.random)
    columns = {
        "id": keys.of(np.arange(len(rows))),
        "at": _moment(rows.at),
        "voter": keys.of(rows.voter),
        "entry": pl.Series(codes).gather(rows.entry),
        "channel": table.text(lambda each: each.channel),
        "device": keys.of(rows.device),
        "device_issued_at": _moment(rows.issued),
        "opened_at": _moment(rows.opened),
        "ip": _addresses(rows.address.high, rows.address.low),
        "asn": pl.Series(rows.address.asn),
        "hosting": _null(pl.Series(rows.address.hosting == 1), rows.address.hosting == NOTHING),
        "user_agent": _user_agent(table, rows),
        **_headers(table, rows, codes),
        **_client(table, rows),
        "challenge_passed": pl.Series([None], dtype=pl.Boolean).new_from_index(0, len(rows)),
        "challenge_ms": pl.Series([None], dtype=pl.Int64).new_from_index(0, len(rows)),
    }
    return pl.DataFrame({name: columns[name] for name in COLUMNS})


class _Table:
    """The catalogue's texts for each ballot."""

    def __init__(self, profiles: list[Profile], numbers: Ints) -> None:
        self._profiles, self._numbers = profiles, numbers

    def text(self, part: Callable[[Profile], str | None]) -> pl.Series:
        """One part of the profile."""
        return pl.Series([part(each) for each in self._profiles], dtype=pl.String).gather(self._numbers)

    def number(self, part: Callable[[Profile], float]) -> pl.Series:
        """As `text`, of numbers."""
        return pl.Series([part(each) for each in self._profiles], dtype=pl.Float64).gather(self._numbers)

    def true(self, part: Callable[[Profile], bool]) -> Bools:
        """As `text`, of what is or is not."""
        return np.array([part(each) for each in self._profiles], np.bool_)[self._numbers]


class _Keys:
    """Opaque texts of 16 hexadecimal digits, the same for the same number."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._hex = pl.Series([format(each, "04x") for each in range(1 << 16)])

    def of(self, numbers: Ints) -> pl.Series:
        """A key for each number."""
        names, where = np.unique(numbers, return_inverse=True)
        drawn = np.unique(self._random.integers(0, 1 << 62, len(names) + 16))
        values = self._random.permutation(drawn)[: len(names)][where]
        parts = {str(shift): self._hex.gather((values >> shift) & 0xFFFF) for shift in _GROUPS}
        return pl.DataFrame(parts).select(pl.concat_str(pl.all())).to_series()


def _null(column: pl.Series, where: Bools) -> pl.Series:
    return column.set(pl.Series(where), None)


def _moment(values: Ints) -> pl.Series:
    return pl.Series(values).cast(pl.Datetime("ms", "UTC"))


def _addresses(high: Ints, low: Ints) -> pl.Series:
    octets = pl.Series([str(each) for each in range(256)])
    groups = pl.Series([format(each, "x") for each in range(1 << 16)])
    four = pl.DataFrame({str(shift): octets.gather((low >> shift) & 255) for shift in (24, 16, 8, 0)})
    six = {
        f"{name}{shift}": groups.gather((half >> shift) & 0xFFFF)
        for name, half in (("high", high), ("low", low))
        for shift in _GROUPS
    }
    as_four = four.select(pl.concat_str(pl.all(), separator=".")).to_series()
    as_six = pl.DataFrame(six).select(pl.concat_str(pl.all(), separator=":")).to_series()
    return as_four.zip_with(pl.Series(high == 0), as_six)


def _user_agent(table: _Table, rows: Rows) -> pl.Series:
    numbers = pl.Series([f"MMWEBID/{each}" for each in range(10_000)])
    parts = pl.DataFrame(
        {
            "head": table.text(lambda each: each.head),
            "number": numbers.gather(rows.voter * 7919 % 10_000),
            "middle": table.text(lambda each: each.middle),
            "air": pl.Series([f"NetType/{each}" for each in _AIR]).gather(rows.address.air),
            "tail": table.text(lambda each: each.tail),
        }
    )
    empty = pl.lit("")
    middle = pl.when(pl.col("middle").is_null()).then(empty).otherwise(pl.concat_str("number", "middle"))
    tail = pl.when(pl.col("tail").is_null()).then(empty).otherwise(pl.concat_str("air", "tail"))
    return parts.select(pl.concat_str("head", middle, tail)).to_series()


def _has(rows: Rows, what: int) -> Bools:
    found: Bools = rows.flags & what != 0
    return found


def _headers(table: _Table, rows: Rows, codes: Sequence[str]) -> dict[str, pl.Series]:
    hints, platform = table.text(lambda each: each.hints), table.text(lambda each: each.hint_platform)
    phone = table.true(lambda each: each.kind != "desktop")
    mobile = pl.Series(np.where(phone, "?1", "?0").astype(object), dtype=pl.String)
    other = pl.Series(np.where(phone, '"Windows"', '"Android"').astype(object), dtype=pl.String)
    platform = other.zip_with(pl.Series(_has(rows, flag.OTHER_HINT)) & platform.is_not_null(), platform)
    no_hints = hints.is_null().to_numpy() | _has(rows, flag.NO_HINTS)
    cross = _has(rows, flag.CROSS_SITE)
    fetch = pl.Series(np.where(cross, "cross-site", "same-origin").astype(object), dtype=pl.String)
    no_fetch = _has(rows, flag.NO_FETCH) | ~table.true(lambda each: each.fetch)
    language = table.text(lambda each: each.language)
    return {
        "accept_language": _null(
            language.set(pl.Series(_has(rows, flag.ENGLISH)), "en-US,en;q=0.9"), _has(rows, flag.NO_LANGUAGE)
        ),
        "sec_ch_ua": _null(hints, no_hints),
        "sec_ch_ua_platform": _null(platform, no_hints),
        "sec_ch_ua_mobile": _null(mobile, no_hints),
        "sec_fetch_site": _null(fetch, no_fetch),
        **_origins(rows, cross, codes),
    }


def _origins(rows: Rows, cross: Bools, codes: Sequence[str]) -> dict[str, pl.Series]:
    away = pl.Series([f"https://www.site{each * 2654435761 % 99991}.example.net" for each in range(_LINKS)])
    away = away.gather(rows.source % _LINKS)
    origin = away.zip_with(pl.Series(cross), pl.Series([SITE]).new_from_index(0, len(rows)))
    more = [f"?c={each * 40503 % 65536:04x}" for each in range(_LINKS - len(OWN_LINKS))]
    own = pl.Series([f"{SITE}/contests/one/entries/{code}" for code in codes]).gather(rows.entry)
    page = own + pl.Series([*OWN_LINKS, *more]).gather(rows.source % _LINKS)
    referer = (away + "/").zip_with(pl.Series(cross), page)
    mini = _has(rows, flag.MINI_REFERER)
    return {
        "origin": _null(origin, _has(rows, flag.NO_ORIGIN) | mini),
        "referer": _null(referer.set(pl.Series(mini), _MINI_PAGE), _has(rows, flag.NO_REFERER)),
    }


def _client(table: _Table, rows: Rows) -> dict[str, pl.Series]:
    english, nothing = pl.Series(_has(rows, flag.ENGLISH)), _has(rows, flag.NO_CLIENT)
    zone, platform = pl.Series(_has(rows, flag.OTHER_ZONE)), pl.Series(_has(rows, flag.OTHER_PLATFORM))
    found = {
        "screen": table.text(lambda each: each.screen),
        "dpr": table.number(lambda each: each.dpr),
        "languages": table.text(lambda each: each.languages).set(english, "en-US,en"),
        "timezone": table.text(lambda each: each.zone).set(zone, "America/New_York"),
        "platform": table.text(lambda each: each.platform).set(platform, "Linux x86_64"),
    }
    return {name: _null(column, nothing) for name, column in found.items()}
