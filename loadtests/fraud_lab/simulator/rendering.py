"""Ballots as the server receives them: numbers become texts, and some values get lost."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import polars as pl

from loadtests.fraud_lab.simulator.batch import NOTHING, Batch, Ints
from loadtests.fraud_lab.simulator.clients import KINDS, Profile
from loadtests.fraud_lab.simulator.headers import ORIGIN, OWN_SOURCES, Odd, Site
from loadtests.fraud_lab.simulator.scene import Scene

# Column -> header.
HEADERS = {
    "accept_language": "accept-language",
    "sec_ch_ua": "sec-ch-ua",
    "sec_ch_ua_platform": "sec-ch-ua-platform",
    "sec_ch_ua_mobile": "sec-ch-ua-mobile",
    "sec_fetch_site": "sec-fetch-site",
    "origin": "origin",
    "referer": "referer",
}
CLIENT = ("screen", "dpr", "languages", "timezone", "platform")
COLUMNS = (
    *("id", "at", "voter", "entry", "channel", "device", "device_issued_at", "opened_at", "ip", "asn", "hosting"),
    *("user_agent", *HEADERS, *CLIENT, "challenge_passed", "challenge_ms"),
)
_NETWORKS = ("WIFI", "5G", "4G")
_GROUPS = (48, 32, 16, 0)


def rendered(scene: Scene, rows: Batch) -> pl.DataFrame:
    """One row per ballot with COLUMNS: times as UTC with ms, `languages` joined by commas, null where unknown."""
    keys = _Keys(scene.random)
    missing = _Missing(scene, len(rows))
    table = _Profiles(scene.clients.profiles, rows)
    columns: dict[str, pl.Series] = {
        "id": keys.fresh(len(rows)),
        "at": _moment(rows.at),
        "voter": keys.of(rows.voter),
        "entry": pl.Series(scene.entries.codes).gather(rows.entry),
        "channel": missing.some(0.01, table.text(lambda profile: profile.channel)),
        "device": keys.of(rows.device),
        "device_issued_at": missing.some(0.02, _moment(rows.issued)),
        "opened_at": missing.some(0.02, _moment(rows.opened)),
        "ip": addresses(rows.v4, rows.high, rows.low),
        "asn": _known(rows.asn),
        "hosting": _known(rows.hosting).cast(pl.Boolean),
        "user_agent": missing.some(0.001, table.user_agent()),
        **_headers(scene, rows, table),
        **_reported(rows, table),
    }
    _lose(missing, columns)
    columns |= _challenges(scene, rows)
    return pl.DataFrame({name: columns[name] for name in COLUMNS})


class _Missing:
    """Values lost on the way, of honest and fraudulent ballots alike."""

    def __init__(self, scene: Scene, count: int) -> None:
        self._scene, self._count = scene, count

    def mask(self, middle: float) -> pl.Series:
        """True for a share of about the middle."""
        return pl.Series(self._scene.mask(self._count, self._scene.about(middle)))

    def some(self, middle: float, column: pl.Series) -> pl.Series:
        """The column with nulls."""
        return without(column, self.mask(middle))

    def never_known(self) -> bool:
        """Whether this contest's server has no table of networks."""
        return bool(self._scene.mask(1, 0.1)[0])


def without(column: pl.Series, mask: pl.Series) -> pl.Series:
    """Null where the mask is true."""
    return column.set(mask, None)


def _lose(missing: _Missing, columns: dict[str, pl.Series]) -> None:
    for names, middle in (
        (("device", "device_issued_at"), 0.006),
        (("asn", "hosting"), 0.03),
        (tuple(HEADERS), 0.004),
        (CLIENT, 0.03),
    ):
        mask = missing.mask(middle)
        for name in names:
            columns[name] = without(columns[name], mask)
    if missing.never_known():
        for name in ("asn", "hosting"):
            columns[name] = columns[name].clear(len(columns[name]))


@cache
def _groups(form: str) -> pl.Series:
    """All 16-bit numbers as texts."""
    return pl.Series([format(each, form) for each in range(1 << 16)])


class _Keys:
    """Opaque keys: 64 random bits for each number, in hexadecimal."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self._hex = _groups("04x")

    def fresh(self, count: int) -> pl.Series:
        """This many different keys."""
        return self._texts(self._drawn(count))

    def of(self, numbers: Ints) -> pl.Series:
        """The same key for the same number."""
        names, where = np.unique(numbers, return_inverse=True)
        return self._texts(self._drawn(len(names))[where])

    def _drawn(self, count: int) -> Ints:
        drawn = np.unique(self._random.integers(0, 1 << 62, count + 8))
        return self._random.permutation(drawn)[:count].astype(np.int64)

    def _texts(self, values: Ints) -> pl.Series:
        parts = pl.DataFrame({str(shift): self._hex.gather((values >> shift) & 0xFFFF) for shift in _GROUPS})
        return parts.select(pl.concat_str(pl.all())).to_series()


class _Profiles:
    """The catalogue's texts for each ballot."""

    def __init__(self, profiles: list[Profile], rows: Batch) -> None:
        self._profiles, self._rows = profiles, rows

    def text(self, part: Callable[[Profile], str]) -> pl.Series:
        """One part of the profile; empty texts are null."""
        return pl.Series([part(profile) or None for profile in self._profiles], dtype=pl.String).gather(
            self._rows.profile
        )

    def number(self, part: Callable[[Profile], float]) -> pl.Series:
        """As `text`, for numbers."""
        return pl.Series([part(profile) for profile in self._profiles], dtype=pl.Float64).gather(self._rows.profile)

    def user_agent(self) -> pl.Series:
        """The user agent, with WeChat's number of the phone and its network."""
        numbers = pl.Series([f"MMWEBID/{each}" for each in range(10_001)])
        networks = pl.Series([f"NetType/{each}" for each in _NETWORKS])
        parts = pl.DataFrame(
            {
                "head": self.text(lambda profile: profile.head),
                "number": numbers.gather(self._rows.web_id),
                "middle": self.text(lambda profile: profile.middle),
                "network": networks.gather(self._rows.air),
                "tail": self.text(lambda profile: profile.tail),
            }
        )
        middle = pl.when(pl.col("middle").is_not_null()).then(pl.concat_str("number", "middle")).otherwise(pl.lit(""))
        tail = pl.when(pl.col("tail").is_not_null()).then(pl.concat_str("network", "tail")).otherwise(pl.lit(""))
        return parts.select(pl.concat_str(pl.col("head"), middle, tail)).to_series()


def _headers(scene: Scene, rows: Batch, table: _Profiles) -> dict[str, pl.Series]:
    odd, site = pl.Series(rows.odd), pl.Series(rows.site)
    count = len(rows)
    language = without(table.text(lambda profile: profile.language), odd.is_in([Odd.NO_LANGUAGE, Odd.BARE]))
    hints = {
        "sec_ch_ua": table.text(lambda profile: profile.hints),
        "sec_ch_ua_platform": table.text(lambda profile: profile.hint_platform),
        "sec_ch_ua_mobile": table.text(lambda profile: profile.hint_mobile),
    }
    # A hint of another system than the user agent's: Windows, or Android under a Windows user agent.
    other = hints["sec_ch_ua_platform"].fill_null("") != '"Windows"'
    wrong = pl.Series(np.where(other.to_numpy(), '"Windows"', '"Android"').astype(object), dtype=pl.String)
    hints["sec_ch_ua_platform"] = wrong.zip_with(odd == Odd.OTHER_PLATFORM, hints["sec_ch_ua_platform"])
    fetch = table.text(lambda profile: profile.fetch).set(site == Site.CROSS, "cross-site")
    own = ORIGIN + "/contests/traffic/entries/" + pl.Series(scene.entries.codes).gather(rows.entry)
    foreign = rows.source < NOTHING
    origin = pl.Series([ORIGIN], dtype=pl.String).new_from_index(0, count)
    away = "https://" + pl.Series([f"m{number * 7919 % 9973}.example.com" for number in range(64)]).gather(
        np.where(foreign, -2 - rows.source, 0) % 64
    )
    bare = odd == Odd.BARE
    return {
        "accept_language": language.set(odd == Odd.FOREIGN_LANGUAGE, "en-US,en;q=0.9"),
        **{name: without(column, odd.is_in([Odd.NO_HINTS, Odd.BARE])) for name, column in hints.items()},
        "sec_fetch_site": without(fetch, bare | (site == Site.ABSENT)),
        "origin": without(away.zip_with(pl.Series(foreign), origin), bare),
        "referer": without(
            (away + "/").zip_with(pl.Series(foreign), own + _suffixes(rows.source)),
            bare | (pl.Series(rows.source) == NOTHING),
        ),
    }


def _suffixes(source: Ints) -> pl.Series:
    """The end of a link's address; campaigns' own links have random codes."""
    most = int(max(source.max(initial=0), len(OWN_SOURCES)))
    texts = [
        *OWN_SOURCES,
        *(f"?s={number * 2654435761 % (1 << 32):08x}" for number in range(len(OWN_SOURCES), most + 1)),
    ]
    return pl.Series(texts).gather(source.clip(0, None))


def _reported(rows: Batch, table: _Profiles) -> dict[str, pl.Series]:
    odd = pl.Series(rows.odd)
    zone = table.text(lambda profile: profile.zone)
    languages = table.text(lambda profile: profile.languages)
    found = {
        "screen": table.text(lambda profile: profile.screen),
        "dpr": table.number(lambda profile: profile.dpr),
        "languages": languages.set(odd == Odd.FOREIGN_LANGUAGE, "en-US,en"),
        "timezone": zone.set(odd == Odd.FOREIGN_ZONE, "America/Los_Angeles"),
        "platform": table.text(lambda profile: profile.platform).set(odd == Odd.OTHER_REPORT, "Linux x86_64"),
    }
    nothing = found["screen"].is_null()
    return {name: without(column, nothing) for name, column in found.items()}


def _challenges(scene: Scene, rows: Batch) -> dict[str, pl.Series]:
    """In some worlds some ballots carry a proof of work, slower on phones."""
    phone = scene.clients.kind[rows.profile] != KINDS.index("desktop")
    took = (np.where(phone, 1400.0, 500.0) * np.exp(scene.random.normal(0, 0.6, len(rows)))).astype(np.int64)
    share = scene.random.uniform(0.05, 0.5) if scene.mask(1, 0.3)[0] else 0.0
    none = pl.Series(~scene.mask(len(rows), share))
    passed = pl.Series(scene.mask(len(rows), 0.995))
    return {"challenge_passed": without(passed, none), "challenge_ms": without(pl.Series(took), none)}


def addresses(v4: Ints, high: Ints, low: Ints) -> pl.Series:
    """IPv4 where there is one, else IPv6, as texts."""
    octets = pl.Series([str(each) for each in range(256)])
    groups = _groups("x")
    four = pl.DataFrame({str(shift): octets.gather((v4 >> shift) & 255) for shift in (24, 16, 8, 0)})
    parts = {
        f"{name}{shift}": groups.gather((half >> shift) & 0xFFFF)
        for name, half in (("h", high), ("l", low))
        for shift in _GROUPS
    }
    as_four = four.select(pl.concat_str(pl.all(), separator=".")).to_series()
    as_six = pl.DataFrame(parts).select(pl.concat_str(pl.all(), separator=":")).to_series()
    return as_four.zip_with(pl.Series(v4 >= 0), as_six)


def _moment(values: Ints) -> pl.Series:
    return pl.Series(values).cast(pl.Datetime("ms", "UTC"))


def _known(values: Ints) -> pl.Series:
    column = pl.Series(values, dtype=pl.Int64)
    return without(column, column == NOTHING)
