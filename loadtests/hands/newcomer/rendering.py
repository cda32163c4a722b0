"""Renders the columns of all ballots as events."""

from __future__ import annotations

import numpy as np
import polars as pl

from loadtests.hands.newcomer.ballots import Ballots, size
from loadtests.hands.newcomer.dice import Array, Rng, mix
from loadtests.hands.newcomer.headers import told
from loadtests.hands.newcomer.scene import Scene
from loadtests.traffic.rendering import COLUMNS

_CHANNELS = pl.Series(["web", "wechat", "mini_program"])


def rendered(scene: Scene, rows: Ballots, seed: int) -> pl.DataFrame:
    """All columns of `traffic.rendering.COLUMNS`."""
    rng, n = scene.rng, size(rows)
    profiles = scene.browsers.table()[rows["profile"]]
    codes = pl.Series(scene.entries.codes).gather(rows["entry"])
    headers = told(rng, rows, profiles, codes, _web_ids(rows))
    passed, spent = _challenges(rng, rows, (profiles["platform"] == "Win32").to_numpy())
    lost = rng.uniform(0, 0.015, 3)
    no_device, no_age, no_page, no_network = (rng.random(n) < each for each in (*lost, 0.01))
    salt = int(rng.integers(1 << 62))
    return headers.with_columns(
        _opaque(np.arange(n), salt, seed, 1).alias("id"),
        _moments(rows["at"]).alias("at"),
        _opaque(rows["voter"], salt, 2).alias("voter"),
        codes.alias("entry"),
        _CHANNELS.gather(rows["channel"]).alias("channel"),
        _unless(_opaque(rows["device"], salt, 3), no_device).alias("device"),
        _known_moments(rows["issued"], no_device | no_age).alias("device_issued_at"),
        _known_moments(rows["opened"], no_page).alias("opened_at"),
        _addresses(rows["ip"], rows["ip_low"]).alias("ip"),
        _unless(pl.Series(rows["asn"].astype(np.int64)), no_network).alias("asn"),
        _unless(pl.Series(rows["hosting"] > 0), no_network).alias("hosting"),
        passed.alias("challenge_passed"),
        spent.alias("challenge_ms"),
    ).select(COLUMNS)


def _web_ids(rows: Ballots) -> Array:
    """WeChat's number of each device: the program's, or a device's own."""
    own = (mix(rows["device"], 77) % np.uint64(9990)).astype(np.int64) + 1
    return np.where(rows["web_id"] >= 0, rows["web_id"], own)


def _challenges(rng: Rng, rows: Ballots, windows: Array) -> tuple[pl.Series, pl.Series]:
    """A proof of work is asked of some, twice as often of hosting; computers are quicker than phones."""
    n = size(rows)
    asked = rng.random(n) < float(rng.choice([0.0, 0.03, 0.1, 1.0])) * np.where(rows["hosting"] > 0, 2, 1)
    typical = np.where(windows, 500, 1100) * rng.uniform(0.5, 2)
    program = rows["solve"] > 0
    quick = rows["solve"] * rng.lognormal(0, 0.2, n)
    spent = np.where(program, quick, typical * rng.lognormal(0, 0.55, n)).astype(np.int64)
    passed = rng.random(n) < np.where(program, 0.97, 0.993)
    return _unless(pl.Series(passed), ~asked), _unless(pl.Series(spent), ~asked)


def _unless(values: pl.Series, unknown: Array) -> pl.Series:
    """These values, null where they are unknown."""
    table = pl.DataFrame({"value": values, "unknown": unknown})
    return table.select(pl.when("unknown").then(None).otherwise("value")).to_series()


def _moments(values: Array) -> pl.Series:
    return pl.Series(values).cast(pl.Datetime("ms", "UTC"))


def _known_moments(values: Array, unknown: Array) -> pl.Series:
    return _unless(_moments(values), unknown | (values < 0))


def _opaque(values: Array, *salt: int) -> pl.Series:
    """Opaque texts of 16 hexadecimal digits, one a number."""
    text = mix(values, *salt).astype(">u8").tobytes().hex().encode()
    return pl.Series(np.frombuffer(text, "S16").astype("U16").tolist(), dtype=pl.String)


def _addresses(ip: Array, ip_low: Array) -> pl.Series:
    """IPv4, and IPv6 where the number is larger."""
    short = ip < np.uint64(1 << 32)
    octets = [pl.col("ip") // 256**place % 256 for place in (3, 2, 1, 0)]
    table = pl.DataFrame({"ip": np.where(short, ip, 0).astype(np.int64)})
    four = table.select(pl.concat_str(*(each.cast(pl.String) for each in octets), separator=".")).to_series()
    where = np.flatnonzero(~short)
    return four.scatter(where, _six(ip[where], ip_low[where])) if len(where) else four


def _six(ip: Array, ip_low: Array) -> list[str]:
    both = np.stack([ip, ip_low], 1).astype(">u8").view(">u2").reshape(-1, 8)
    return [":".join(f"{part:x}" for part in row) for row in both.tolist()]
