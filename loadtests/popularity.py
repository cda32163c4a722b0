"""How voters choose: few entries take most of the votes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random

SKEW = 1.1


class Popularity:
    """Chooses by Zipf's law; `entries` are in the order of their popularity."""

    def __init__(self, entries: Sequence[str], random: Random) -> None:
        self._entries = entries
        self._random = random
        self._weights = list(accumulate(1 / place**SKEW for place in range(1, len(entries) + 1)))

    def choose(self, count: int) -> list[str]:
        """`count` different entries, or all if there are fewer."""
        chosen: dict[str, None] = {}
        while len(chosen) < min(count, len(self._entries)):
            chosen.update(dict.fromkeys(self._random.choices(self._entries, cum_weights=self._weights, k=count)))
        return list(chosen)[:count]
