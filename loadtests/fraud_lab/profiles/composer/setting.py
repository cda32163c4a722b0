"""What all voters of one world share, drawn anew for each world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from loadtests.fraud_lab.profiles.composer.phones import Phones, make_phones
from loadtests.fraud_lab.profiles.composer.places import Floats, Ints, Places, make_places
from loadtests.fraud_lab.simulator.world import DAYS

MINUTE = 60_000
DAY = 86_400_000
ZONE = 8 * 60 * MINUTE
WINDOW = DAYS * DAY
_FIRST = 1_735_660_800_000  # 2025-01-01T00:00+08:00
# Columns that a contest may lack as a whole, and how often.
_LACKING = (
    (("opened_at",), 0.04),
    (("challenge_passed", "challenge_ms"), 0.25),
    (("screen", "dpr", "languages", "timezone", "platform"), 0.08),
    (("asn", "hosting"), 0.08),
    (("hosting",), 0.05),
    (("device_issued_at",), 0.05),
    (("device", "device_issued_at"), 0.03),
    (("channel",), 0.04),
    (("sec_fetch_site",), 0.06),
    (("origin", "referer"), 0.08),
    (("referer",), 0.08),
    (("accept_language",), 0.03),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """One world: its window, its entries' popularity, its load by minute (cumulated), its phones and networks, and the
    habits of its public: reading time (`median` in s, `sigma` of its logarithm), share of `fresh` tokens, share of
    `returning` ballots, share of `odd` requests; `challenge` is the usual proof of work's time in ms."""

    opens: int
    popularity: Floats
    load: Floats
    phones: Phones
    places: Places
    median: float
    sigma: float
    fresh: float
    returning: float
    odd: float
    challenge: float
    lacking: tuple[str, ...]

    @property
    def closes(self) -> int:
        """The first millisecond after the window."""
        return self.opens + WINDOW

    def moments(self, rng: np.random.Generator, count: int) -> Ints:
        """Moments by the public's load, unsorted."""
        minute = np.searchsorted(self.load, rng.random(count), side="right")
        return (self.opens + minute * MINUTE + rng.integers(0, MINUTE, count)).astype(np.int64)


def make_setting(rng: np.random.Generator, ballots: int) -> Setting:
    """Draws a world of wide ranges: 50-300 entries of Dirichlet(0.6), 200-6,000 effective fingerprints, 5-600 users an
    address, reading times of 6-60 s, 35-90 % fresh tokens, 5-60 % returning ballots, 0.3-4 % odd requests."""
    opens = _FIRST + int(rng.integers(0, 360)) * DAY + int(rng.choice((0, 0, 8, 9, 10, 12, 18))) * 60 * MINUTE
    return Setting(
        opens,
        rng.dirichlet(np.full(int(rng.integers(50, 301)), 0.6 * rng.uniform(0.9, 1.1))),
        _load(rng, opens),
        make_phones(rng),
        make_places(rng, ballots),
        log_uniform(rng, 6, 60),
        rng.uniform(0.55, 1.05),
        rng.uniform(0.35, 0.9),
        log_uniform(rng, 0.05, 0.6),
        log_uniform(rng, 0.003, 0.04),
        log_uniform(rng, 200, 2_500),
        tuple(dict.fromkeys(name for names, chance in _LACKING if rng.random() < chance for name in names)),
    )


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose magnitude is uniform; a range from zero is plainly uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high)))) if low > 0 else rng.uniform(low, high)


def hours(moments: Ints) -> Floats:
    """Hours of the day in Shanghai."""
    return np.asarray((moments + ZONE) % DAY / (60 * MINUTE), dtype=np.float64)


def _load(rng: np.random.Generator, opens: int) -> Floats:
    minutes = np.arange(WINDOW // MINUTE)
    hour = hours(opens + minutes * MINUTE)
    weight = np.full(len(minutes), rng.uniform(0.02, 0.12))
    for centre, width, height in ((9.5, 1.8, 1.0), (12.5, 1.4, 1.1), (17, 3, 0.7), (21, 1.8, 1.6)):
        middle, wide = centre + rng.normal(0, 0.5), width * rng.uniform(0.7, 1.5)
        away = np.abs(hour - middle)
        weight += height * rng.uniform(0.3, 1.4) * np.exp(-((np.minimum(away, 24 - away) / wide) ** 2) / 2)
    weight *= rng.lognormal(0, rng.uniform(0.1, 0.45), DAYS + 1)[(opens + ZONE + minutes * MINUTE) // DAY % (DAYS + 1)]
    opening, closing, waking = rng.uniform(0, 5), rng.uniform(0, 6), weight.mean()
    weight += waking * opening * np.exp(-minutes / rng.uniform(40, 400))
    weight += waking * closing * np.exp(-(minutes[-1] - minutes) / rng.uniform(30, 300))
    load = np.cumsum(weight * rng.lognormal(0, 0.15, len(weight)))
    return np.asarray(load / load[-1], dtype=np.float64)


def pick(rng: np.random.Generator, weights: Floats | Sequence[float], count: int) -> Ints:
    """Indices by weight."""
    summed = np.cumsum(np.asarray(weights))
    found = np.searchsorted(summed, rng.random(count) * summed[-1], side="right")
    return np.asarray(found, dtype=np.int64)
