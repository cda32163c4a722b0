"""Who votes in the demo, when and how: drawn anew at each start, and bounded."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import NamedTuple

from voting.domain.identity.channel import Channel

PEOPLE = 700
# Ballots of the crowd a second.
RATE = 1.0
RING = 45
RING_STARTS_SECONDS, RING_LASTS_SECONDS = 15.0, 50.0
_MOST_BALLOTS = 5
# Of the range for benchmarks (RFC 2544): nobody has these addresses.
_NETWORKS = [f"198.{second}.{third}" for second in (18, 19) for third in range(256)]
_CHROME = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 {}Safari/537.36"
_WECHAT = "Mozilla/5.0 ({}) AppleWebKit/{} (KHTML, like Gecko) {}MicroMessenger/8.0.{}({}) NetType/{} Language/zh_CN"
_SCREENS = ("390x844", "393x873", "412x915", "360x800", "414x896", "1920x1080", "1440x900", "1536x864")


class Voter(NamedTuple):
    """A simulated voter. `ballots`: seconds since the start, how long the page was read, and the pick, of each."""

    channel: Channel
    agent: str
    address: str
    screen: str
    ballots: Sequence[tuple[float, float, str]]


def plan(entries: Sequence[str], dice: random.Random) -> list[Voter]:
    """Returns the crowd, which likes some entries better, and the ring, which backs one from the middle of the list."""
    liked = list(entries)
    dice.shuffle(liked)
    weights = [1 / (place + 8) for place in range(len(liked))]
    crowd = []
    for _ in range(PEOPLE):
        picks = list(dict.fromkeys(dice.choices(liked, weights, k=dice.choice((1, 1, 1, 2, 3, _MOST_BALLOTS)))))
        first = dice.uniform(0, PEOPLE * 1.9 / RATE)
        channel: Channel = dice.choices(("web", "wechat", "issued"), (6, 3, 1))[0]
        ballots = [(first + 40 * number, dice.lognormvariate(2.6, 0.6), pick) for number, pick in enumerate(picks)]
        address = f"{dice.choice(_NETWORKS)}.{dice.randrange(1, 255)}"
        crowd.append(Voter(channel, _agent(channel, dice), address, dice.choice(_SCREENS), ballots))
    backed = liked[len(liked) // 2]
    return crowd + _ring(backed, dice)


def _ring(entry: str, dice: random.Random) -> list[Voter]:
    """One machine that clears its cookies: the same browser and network, no time to read, fresh credentials."""
    agent = _CHROME.format("Windows NT 10.0; Win64; x64", 109, "")
    network = dice.choice(_NETWORKS)
    return [
        Voter(
            "web",
            agent,
            f"{network}.{dice.randrange(1, 4)}",
            "1366x768",
            [(RING_STARTS_SECONDS + dice.uniform(0, RING_LASTS_SECONDS), dice.uniform(1.6, 2.4), entry)],
        )
        for _ in range(RING)
    ]


def _agent(channel: Channel, dice: random.Random) -> str:
    android = f"Linux; Android {dice.randrange(9, 15)}; {dice.choice(('M2102J2SC', 'PGT-AN10', 'V2231A', 'PHB110'))}"
    apple = f"iPhone; CPU iPhone OS {dice.randrange(14, 18)}_{dice.randrange(7)} like Mac OS X"
    if channel == "wechat":
        build, net = dice.randrange(40, 60), dice.choice(("WIFI", "4G", "5G"))
        if dice.random() < 0.5:
            return _WECHAT.format(apple, "605.1.15", "Mobile/15E148 ", build, "0x18003137", net)
        return _WECHAT.format(android, "537.36", "Chrome/122.0.0.0 Mobile Safari/537.36 ", build, "0x28003237", net)
    version = dice.randrange(112, 131)
    return dice.choice(
        (
            _CHROME.format(android, version, "Mobile "),
            _CHROME.format("Windows NT 10.0; Win64; x64", version, ""),
            _CHROME.format("Macintosh; Intel Mac OS X 10_15_7", version, ""),
            f"Mozilla/5.0 ({apple}) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1",
        )
    )
