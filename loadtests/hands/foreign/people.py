"""Real people with phones: who they are, and what arrives when they vote."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from loadtests.hands.foreign.rows import (
    DAY,
    ENGLISH,
    NO_HINTS,
    NO_LANGUAGE,
    NO_ORIGIN,
    NO_REFERER,
    OTHER_HINT,
    OTHER_PLATFORM,
    OTHER_ZONE,
    SECOND,
    Addresses,
    Bools,
    Floats,
    Ints,
    Rows,
)
from loadtests.hands.foreign.scene import Habits, Scene

_ODD = (NO_LANGUAGE, NO_HINTS, OTHER_HINT, ENGLISH, OTHER_ZONE, OTHER_PLATFORM, NO_REFERER, NO_ORIGIN)
_ODD_SHARE = (0.18, 0.16, 0.14, 0.14, 0.12, 0.08, 0.12, 0.06)
# Links that people come by: none, a group, a moment, one person, a code on paper.
OWN_LINKS = ("", "?from=groupmessage", "?from=timeline", "?from=singlemessage", "?qr=1")
_LINK_SHARE = (0.5, 0.22, 0.1, 0.1, 0.08)


@dataclass(slots=True)
class Crowd:
    """Some people. `base` is where each is connected when not on the way; a phone's address on a carrier's network
    changes often (`mobile`)."""

    scene: Scene
    habits: Habits
    city: Ints
    profile: Ints
    base: Addresses
    mobile: Bools
    voter: Ints
    speed: Floats

    def __len__(self) -> int:
        return len(self.city)

    def vote(self, who: Ints, at: Ints, entry: Ints) -> Rows:
        """Their ballots: one a person a day, others of the same day are dropped."""
        scene, clock = self.scene, self.scene.clock
        order = np.lexsort((at, who))
        who, at, entry = who[order], at[order], entry[order]
        day = clock.day_of(at)
        again = np.zeros(len(who), np.bool_)
        again[1:] = (who[1:] == who[:-1]) & (day[1:] == day[:-1])
        keep = ~again & clock.inside(at)
        who, at, entry = who[keep], at[keep], entry[keep]
        count = len(who)
        first = np.ones(count, np.bool_)
        first[1:] = who[1:] != who[:-1]
        dwell = self._dwell(who)
        opened = at - dwell
        new = first | ~scene.mask(count, self.habits.keep)
        which = np.cumsum(new) - 1
        device = scene.numbers(int(new.sum()))[which] if count else who
        issued = self._issued(opened, first, new)[np.flatnonzero(new)][which] if count else at
        profile = self.profile[who]
        web = np.isin(profile, scene.catalogue.web)
        # On the web a voter is a token; WeChat knows its people.
        voter = np.where(web, device + (1 << 40), self.voter[who])
        return Rows(
            at,
            voter,
            entry,
            profile,
            self._addresses(who),
            device,
            np.minimum(issued, opened),
            opened,
            self._odd(count),
            scene.random.choice(len(OWN_LINKS), count, p=_LINK_SHARE).astype(np.int64),
            np.zeros(count, np.bool_),
        )

    def _dwell(self, who: Ints) -> Ints:
        scene, count = self.scene, len(who)
        median = scene.reading * self.habits.pace
        drawn = scene.spread(count, 1.0 * SECOND, self.habits.sigma) * (median / SECOND) * self.speed[who]
        left = scene.mask(count, 0.02)
        found: Ints = np.where(left, drawn * scene.random.uniform(5, 80, count), drawn).astype(np.int64)
        return np.maximum(found, 400)

    def _issued(self, opened: Ints, first: Bools, new: Bools) -> Ints:
        scene, count = self.scene, len(opened)
        old = first & new & ~scene.mask(count, self.habits.fresh)
        # Some look at the list before they open an entry's page.
        browsed = np.where(scene.mask(count, 0.5), scene.spread(count, 25 * SECOND, 1.2), 0)
        age = np.where(old, scene.spread(count, 2.5 * DAY, 1.3), browsed + scene.random.integers(0, 900, count))
        found: Ints = opened - age
        return found

    def _addresses(self, who: Ints) -> Addresses:
        scene, found = self.scene, self.base[who]
        moved = np.where(self.mobile[who], scene.mask(len(who), 0.5), scene.mask(len(who), self.habits.roam))
        found.put(moved, scene.networks.mobile(self.city[who][moved]))
        return found

    def _odd(self, count: int) -> Ints:
        drawn = self.scene.random.choice(_ODD, count, p=_ODD_SHARE)
        found: Ints = np.where(self.scene.mask(count, self.habits.odd), drawn, 0).astype(np.int64)
        return found


def recruit(scene: Scene, city: Ints, habits: Habits | None = None, homes: Ints | None = None) -> Crowd:
    """People of these cities; those with the same number of `homes` live together."""
    habits = habits or scene.habits
    count = len(city)
    if homes is not None:
        first = np.unique(homes, return_index=True, return_inverse=True)
        city = city[first[1]][first[2]]
    mobile = scene.mask(count, habits.mobile)
    base = scene.networks.home(city)
    if homes is not None:
        base = base[first[1]][first[2]]
    base.put(mobile, scene.networks.mobile(city[mobile]))
    profile = scene.catalogue.public(count, habits.wechat)
    speed = np.exp(scene.random.normal(0, 0.25, count))
    return Crowd(scene, habits, city, profile, base, mobile, scene.numbers(count), speed)


def everywhere(scene: Scene, count: int, habits: Habits | None = None) -> Crowd:
    """People of the whole country."""
    return recruit(scene, scene.networks.some_cities(count), habits)
