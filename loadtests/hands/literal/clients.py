"""The browsers of a world: pools of genuine ones, and what attackers add."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from loadtests.hands.literal import devices
from loadtests.hands.literal.browsers import Browsers, Profile, program
from loadtests.hands.literal.rows import (
    CROSS_SITE,
    CUT_AGENT,
    NO_HINTS,
    NO_LANGUAGE,
    OTHER_HINTS,
    STRAY,
    Bools,
    Floats,
    Ints,
)

# What can be odd about clients without hints, phones with them, desks with them, and WeChat: what a client does not
# send it cannot send wrongly.
_HONEST_ODD = np.array(
    [
        [NO_LANGUAGE, CROSS_SITE, STRAY, NO_LANGUAGE],
        [OTHER_HINTS, NO_LANGUAGE, CROSS_SITE, STRAY],
        [OTHER_HINTS, NO_HINTS, NO_HINTS, NO_LANGUAGE],
        [CUT_AGENT, CUT_AGENT, NO_LANGUAGE, CROSS_SITE],
    ]
)
_FORGED_ODD = np.array(
    [
        [OTHER_HINTS, NO_LANGUAGE, OTHER_HINTS, NO_LANGUAGE],
        [OTHER_HINTS, NO_LANGUAGE, OTHER_HINTS, STRAY],
        [OTHER_HINTS, NO_HINTS, NO_HINTS, NO_LANGUAGE],
        [CUT_AGENT, OTHER_HINTS, NO_LANGUAGE, CUT_AGENT],
    ]
)
_TASK_APP = "com.zhuanke.renwu/3.2.1"


class Clients:
    """All profiles of a world; elsewhere they are known by their numbers."""

    def __init__(self, random: np.random.Generator) -> None:
        self._random = random
        self.profiles: list[Profile] = []
        browsers = Browsers(random)
        sizes, power = self._sizes()
        self._wechat, self._wechat_weights = self._pool(sizes[0], power, browsers.wechat)
        self.web, self.web_weights = self._pool(sizes[1], power, browsers.web)
        self.programs = self._add([program(each) for each in devices.AGENTS])
        self.private = self._add(browsers.private())
        self.tasks = self._add([browsers.app(_TASK_APP) for _ in range(160)])
        self.is_wechat = self._which(lambda profile: profile.wechat)
        self.is_desk = self._which(lambda profile: profile.desk)
        self.is_android = self._which(lambda profile: profile.android)
        self._has_hints = self._which(lambda profile: profile.hint is not None)

    def _sizes(self) -> tuple[tuple[int, int], float]:
        if self._random.random() < 0.5:
            return (1200, 2400), 1.0
        # WeChat tells one of three kinds of network besides: a profile of it counts as more than one.
        total = _pool_of(self._random.uniform(200, 1000) / 1.8, 0.6)
        first = int(total * 0.6)
        return (first, total - first), 0.6

    def _add(self, profiles: Sequence[Profile]) -> Ints:
        start = len(self.profiles)
        self.profiles += profiles
        return np.arange(start, len(self.profiles))

    def _pool(self, size: int, power: float, make: Callable[[], Profile]) -> tuple[Ints, Floats]:
        # A dict keeps the order; there may be fewer different ones than wanted.
        seen: dict[Profile, None] = {}
        for _ in range(size * 12):
            seen.setdefault(make())
            if len(seen) >= size:
                break
        return self._add(list(seen)), _weights(len(seen), power)

    def _which(self, known: Callable[[Profile], bool]) -> Bools:
        return np.array([known(each) for each in self.profiles])

    @property
    def desks(self) -> Ints:
        """Chrome at desks."""
        return self.web[self.is_desk[self.web]]

    def draw(self, count: int, wechat: float = 0.6) -> Ints:
        """Genuine ones, this share of them in WeChat."""
        return np.where(
            self._random.random(count) < wechat,
            self._random.choice(self._wechat, count, p=self._wechat_weights),
            self._random.choice(self.web, count, p=self.web_weights),
        )

    def of_kinds(self, kinds: int, count: int, wechat: float = 0.0) -> Ints:
        """Of only so many profiles."""
        pool = list(dict.fromkeys(self.draw(kinds * 40, wechat).tolist()))[:kinds]
        return self._random.choice(np.array(pool), count)

    def odd(self, profile: Ints, share: float) -> Ints:
        """What is odd about this share of honest requests."""
        return self._oddities(profile, share, _HONEST_ODD)

    def forged(self, profile: Ints, share: float) -> Ints:
        """What is odd about this share of requests of scripts."""
        return self._oddities(profile, share, _FORGED_ODD)

    def _oddities(self, profile: Ints, share: float, table: Ints) -> Ints:
        hints = self._has_hints[profile]
        kind = np.where(self.is_wechat[profile], 3, np.where(self.is_desk[profile] & hints, 2, hints * 1))
        count = len(profile)
        return np.where(self._random.random(count) < share, table[kind, self._random.integers(0, 4, count)], 0)


def _weights(count: int, power: float) -> Floats:
    weights: Floats = 1 / np.arange(1, count + 1) ** power
    weights /= weights.sum()
    return weights


def _pool_of(wanted: float, power: float) -> int:
    """How many profiles are as good as `wanted` equally common ones. Two pools, of 60 and 40 %, are about as even as
    one."""
    low, high = 10, 20_000
    while low < high:
        middle = (low + high) // 2
        weights = _weights(middle, power)
        if math.exp(-float((weights * np.log(weights)).sum())) < wanted:
            low = middle + 1
        else:
            high = middle
    return low
