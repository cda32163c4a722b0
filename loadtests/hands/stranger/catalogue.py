"""The fingerprints of one contest and how common they are."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from loadtests.hands.stranger.clients import (
    Profile,
    android_browser,
    desktop_browser,
    iphone_browser,
    mini_program,
    wechat_android,
    wechat_desktop,
    wechat_ios,
)
from loadtests.hands.stranger.dice import Floats, Ints, Rng, pick

_KINDS = {
    "wechat_android": (wechat_android, 0.58),
    "wechat_ios": (wechat_ios, 0.37),
    "wechat_desktop": (wechat_desktop, 0.05),
    "android": (android_browser, 0.45),
    "iphone": (iphone_browser, 0.25),
    "desktop": (desktop_browser, 0.30),
    "mini": (mini_program, 1.0),
}
_CHANNELS = {
    "wechat": ("wechat_android", "wechat_ios", "wechat_desktop"),
    "web": ("android", "iphone", "desktop"),
    "mini_program": ("mini",),
}
_TOOLS = (
    *(
        "python-requests/2.32.3",
        "Go-http-client/2.0",
        "okhttp/4.12.0",
        "axios/1.7.9",
        "Apache-HttpClient/4.5.14 (Java/1.8.0_391)",
    ),
    *("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)", "Java/1.8.0_281", "python-httpx/0.27.2"),
)


@dataclass(slots=True)
class Catalogue:
    """Profiles by number; `pools` holds the public's, with weights, by kind of software."""

    profiles: list[Profile] = field(default_factory=list)
    pools: dict[str, tuple[Ints, Floats]] = field(default_factory=dict)
    kinds: dict[str, float] = field(default_factory=dict)
    mini: float = 0.0

    def add(self, profile: Profile) -> int:
        """The number of a profile that is not the public's."""
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def of(self, rng: Rng, kind: str, size: int) -> Ints:
        """Profiles of voters with one kind of software."""
        members, weights = self.pools[kind]
        return members[pick(rng, weights, size)]

    def public(self, rng: Rng, channel: str, size: int) -> Ints:
        """Profiles of voters who come in by one channel."""
        names = _CHANNELS[channel]
        which = pick(rng, np.array([self.kinds[name] for name in names]), size)
        made = np.zeros(size, np.int64)
        for number, name in enumerate(names):
            mask = which == number
            made[mask] = self.of(rng, name, int(mask.sum()))
        return made

    def models(self, rng: Rng, kind: str, count: int) -> Ints:
        """Profiles of a farm's machines: any models, not the most common."""
        members, _ = self.pools[kind]
        return rng.choice(members, count)

    def tool(self, rng: Rng) -> int:
        """A program that does not hide, or that copied no more than a user agent."""
        if rng.random() < 0.5:
            return self.add(Profile("web", str(rng.choice(_TOOLS)), accept_language=None, fetches=False))
        return self.naked(rng, int(self.public(rng, "web", 1)[0]))

    def naked(self, rng: Rng, number: int) -> int:
        """A profile's user agent without what a browser would send and report."""
        language = "zh-CN,zh;q=0.9" if rng.random() < 0.6 else None
        found = self.profiles[number]
        return self.add(Profile(found.channel, found.head, found.mid, found.tail, language, None, False))

    def changed(self, number: int, **changes: object) -> int:
        """A profile with some fields replaced."""
        return self.add(replace(self.profiles[number], **changes))  # type: ignore[arg-type]


def draw_catalogue(rng: Rng) -> Catalogue:
    """Some hundred to some thousand fingerprints, a few of them common."""
    made = Catalogue()
    total = float(np.exp(rng.uniform(np.log(300), np.log(2200))))
    steep = rng.uniform(0.4, 0.9)
    parts = {"wechat_android": 0.4, "wechat_ios": 0.15, "wechat_desktop": 0.05, "android": 0.25, "iphone": 0.08}
    parts |= {"desktop": 0.1, "mini": 0.04}
    for kind, (build, weight) in _KINDS.items():
        count = max(8, round(parts[kind] * total))
        members = np.array([made.add(build(rng)) for _ in range(count)], np.int64)
        made.pools[kind] = (members, np.arange(1, count + 1, dtype=np.float64) ** -steep)
        made.kinds[kind] = weight * float(np.exp(rng.normal(0, 0.25)))
    made.mini = float(rng.uniform(0.03, 0.15)) if rng.random() < 0.3 else 0.0
    return made
