"""Numbers as the texts that a server has: keys, moments and addresses."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import polars as pl

from loadtests.hands.literal.rows import Ints

_CARRIERS = ("240e", "2408", "2409")


def _mixed(numbers: Ints, salt: int) -> npt.NDArray[np.uint64]:
    """splitmix64: different numbers stay different."""
    with np.errstate(over="ignore"):
        z = numbers.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15 + 0x1234567) % (1 << 64))
        z = z * np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))


def keys(numbers: Ints, salt: int) -> pl.Series:
    """A key for each number, which does not tell the number."""
    return pl.Series(list(map("{:016x}".format, _mixed(numbers, salt).tolist())))


def moments(ms: Ints) -> pl.Series:
    """Milliseconds since 1970 as UTC."""
    return pl.Series(ms).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC")


def addresses(ip: Ints, six: Ints) -> pl.Series:
    """IPv6 where there is one, else IPv4."""
    parts = pl.DataFrame({f"p{shift}": (ip >> shift) & 255 for shift in (24, 16, 8, 0)})
    texts = [pl.col(name).cast(pl.String) for name in parts.columns]
    four = parts.select(pl.concat_str(texts, separator=".")).to_series()
    rows = np.flatnonzero(six >= 0)
    if not len(rows):
        return four
    pairs = zip(_mixed(six[rows], 7).tolist(), _mixed(six[rows], 8).tolist(), strict=True)
    return four.scatter(rows, [_six(network, host) for network, host in pairs])


def _six(network: int, host: int) -> str:
    groups = ((network >> 8) % 0x400 + 0x300, *((network >> shift) & 0xFFFF for shift in (20, 36)))
    groups += (*((host >> shift) & 0xFFFF for shift in (3, 19, 35)), host >> 48)
    return ":".join((_CARRIERS[network % 3], *(f"{group:x}" for group in groups)))
