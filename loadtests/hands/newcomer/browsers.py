"""The browsers that exist in a world, with their popularity."""

from __future__ import annotations

import numpy as np
import polars as pl

from loadtests.hands.newcomer.computers import automation, desktop, privacy, stale
from loadtests.hands.newcomer.dice import Array, Rng
from loadtests.hands.newcomer.phones import web_android, web_ios, wechat_android, wechat_ios
from loadtests.hands.newcomer.profiles import Profile

# What draws a profile, and how many of it a world has.
_SORTS = (
    (wechat_android, 200, 800),
    (wechat_ios, 80, 220),
    (web_android, 150, 400),
    (web_ios, 40, 110),
    (desktop, 90, 260),
    (stale, 60, 90),
    (privacy, 20, 50),
)
_TEXTS = ("head", "middle", "tail", "numbered", "networked", "screen", "dpr", "languages", "timezone", "platform",
          "accept_language", "fetches")  # fmt: skip


class Browsers:
    """All profiles of a world."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._profiles: list[Profile] = []
        for draw, low, high in _SORTS:
            self._profiles += [draw(rng) for _ in range(int(rng.integers(low, high)))]
        self._profiles += automation()
        self.kind: Array = np.array([each.kind for each in self._profiles], np.int8)
        self._weight: Array = rng.gamma(0.7, size=len(self._profiles)) + 0.02

    def popular(self, kind: int, n: int) -> Array:
        """n profiles of a kind by popularity."""
        where = np.flatnonzero(self.kind == kind)
        mass = np.cumsum(self._weight[where])
        made: Array = where[np.searchsorted(mass, self._rng.random(n) * mass[-1]).clip(0, len(where) - 1)]
        return made

    def some(self, kinds: tuple[int, ...], n: int) -> Array:
        """n different profiles of these kinds, every one as likely as the next (as a bot's list has them)."""
        where = np.flatnonzero(np.isin(self.kind, kinds))
        return self._rng.choice(where, min(n, len(where)), replace=False)

    def table(self) -> pl.DataFrame:
        """The texts of all profiles."""
        columns = {name: [getattr(each, name) for each in self._profiles] for name in _TEXTS}
        for spot, name in enumerate(("sec_ch_ua", "sec_ch_ua_platform", "sec_ch_ua_mobile")):
            columns[name] = [each.hints[spot] for each in self._profiles]
        return pl.DataFrame(columns)
