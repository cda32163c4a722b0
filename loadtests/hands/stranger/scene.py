"""What one contest is like: drawn once from the seed and shared by all its voters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.stranger.catalogue import Catalogue, draw_catalogue
from loadtests.hands.stranger.clock import Rhythm, Window, draw_rhythm, draw_window
from loadtests.hands.stranger.dice import Floats, Ints, Rng, pick
from loadtests.hands.stranger.networks import Networks, draw_networks


@dataclass(frozen=True, slots=True)
class Traits:
    """Shares and medians that differ between contests."""

    wechat: float
    fresh: float
    reading: float
    spread: float
    odd: float
    six_home: float
    six_mobile: float
    at_home: float
    loyal: float
    sometimes: float
    forgets: float
    challenges: bool


@dataclass(slots=True)
class Scene:
    """One contest; `serials` hands out numbers for voters and devices."""

    window: Window
    rhythm: Rhythm
    traits: Traits
    networks: Networks
    catalogue: Catalogue
    popularity: Floats
    entries: list[str]
    used: int = 0

    def serials(self, count: int) -> Ints:
        """Numbers that nobody has yet."""
        self.used += count
        return np.arange(self.used - count, self.used, dtype=np.int64)

    def choices(self, rng: Rng, count: int) -> Ints:
        """Entries that the public chooses."""
        return pick(rng, self.popularity, count)

    def clients(self, rng: Rng, count: int) -> Ints:
        """Different entries whose friends organise votes: all may, popular ones likelier."""
        weights = self.popularity**0.5 + 0.3 * self.popularity.mean() ** 0.5
        made = rng.choice(len(weights), min(count, len(weights)), replace=False, p=weights / weights.sum())
        return np.asarray(made, np.int64)

    def one(self, rng: Rng) -> int:
        """One such entry."""
        return int(self.clients(rng, 1)[0])


def _traits(rng: Rng) -> Traits:
    """The public of this contest."""
    modern = rng.random() < 0.7
    return Traits(
        wechat=float(np.clip(rng.normal(0.6, 0.1), 0.3, 0.85)),
        fresh=float(np.clip(rng.normal(0.65, 0.08), 0.4, 0.85)),
        reading=float(13 * 2.0 ** rng.uniform(-1, 1)),
        spread=float(rng.uniform(0.55, 0.85)),
        odd=float(0.015 * 2.0 ** rng.uniform(-0.7, 0.7)),
        six_home=float(rng.uniform(0.1, 0.45)) if modern else 0.0,
        six_mobile=float(rng.uniform(0.2, 0.65)) if modern else 0.0,
        at_home=float(rng.uniform(0.35, 0.55)),
        loyal=float(rng.uniform(0.05, 0.2)),
        sometimes=float(rng.uniform(0.12, 0.3)),
        forgets=float(rng.uniform(0, 0.04)),
        challenges=bool(rng.random() < 0.5),
    )


def draw_scene(rng: Rng, ballots: int) -> Scene:
    """A contest of about this many ballots."""
    window, traits = draw_window(rng), _traits(rng)
    count = int(rng.integers(50, 301))
    style = str(rng.choice(["{:03d}", "E{:03d}", "{:d}"]))
    return Scene(
        window=window,
        rhythm=draw_rhythm(rng, window),
        traits=traits,
        networks=draw_networks(rng, ballots * 0.5 * (1 - traits.six_mobile)),
        catalogue=draw_catalogue(rng),
        popularity=rng.dirichlet(np.full(count, 0.6)),
        entries=[style.format(number) for number in range(1, count + 1)],
    )
