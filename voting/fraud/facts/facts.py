"""What an attempt tells, as plain values that can be stored, counted and compared: the same live and in a backtest."""

from __future__ import annotations

import enum
import hashlib
from functools import lru_cache

import msgspec

from voting.domain.ballots.client import App


class Oddity(enum.IntFlag):
    """What does not fit together in one request. Something unknown is never odd."""

    AUTOMATION = 1
    """The User-Agent names a library, a headless browser or a bot, or is empty."""
    CROSS_SITE = 2
    """Another site's page sent the ballot (Fetch Metadata, W3C)."""
    NO_LANGUAGE = 4
    """A browser's request without Accept-Language."""
    HINT_PLATFORM = 8
    """Sec-CH-UA-Platform names another system than the User-Agent."""
    HINT_MOBILE = 16
    """Sec-CH-UA-Mobile says phone, the User-Agent says desktop, or the other way round."""
    HINT_FOREIGN = 32
    """Client hints from a browser that has none: Safari, Firefox."""
    HINT_VERSION = 64
    """Sec-CH-UA names another version than the User-Agent."""
    HINT_MISSING = 128
    """A desktop Chrome or Edge without client hints, although it sent Fetch Metadata (so it came over HTTPS)."""
    WECHAT_TOKENS = 256
    """MicroMessenger in the User-Agent without the NetType and Language that WeChat adds."""
    CHANNEL = 512
    """A ballot through WeChat from a browser that is not WeChat's."""
    PLATFORM = 1024
    """navigator.platform names another system than the User-Agent."""
    LANGUAGES = 2048
    """navigator.languages begins with another language than Accept-Language."""
    SCREEN = 4096
    """A phone with a desktop's screen, or a headless browser's default one."""


# Plain values only: the garbage collector need not look at hundreds of thousands of them.
class Counts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """How many ballots like this one had come when it came, itself included. 0: unknown, and weighs nothing.

    Counted in windows aligned with the clock; see voting/fraud/counters.py. Of a ballot with many picks: the largest.
    """

    ballots: int = 0
    """In these two hours, picks of the contest."""
    entry: int = 0
    """Of these, for its entry."""
    fingerprint: int = 0
    """Of these, with its fingerprint."""
    entry_fingerprint: int = 0
    """Of these, with both."""
    prefix_fingerprint: int = 0
    """In these ten minutes, with its prefix and fingerprint."""
    place: int = 0
    """Of these, for its entry."""
    voters: int = 0
    """In these two hours, voters of its device."""


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Of one attempt. None: unknown. Keys are opaque: a live service hashes before it stores them."""

    channel: str | None = None
    device: str | None = None
    age: int | None = None
    """Seconds since the device token was issued."""
    reading: int | None = None
    """Milliseconds since the page was issued."""
    address: str | None = None
    """IPv4 address or IPv6 /64: one holder's."""
    prefix: str | None = None
    """IPv4 /24 or IPv6 /48: one site's, or a part of a carrier's."""
    asn: int | None = None
    hosting: bool | None = None
    agent: int = 0
    """The User-Agent, by 63 bits of its SHA-256; 0: unknown. So the two below. A live service stores a hash of these
    under the contest's key; an earlier version did not."""
    client: int = 0
    """What the page reported, and the languages that the browser asks for."""
    origin: int = 0
    """The site whose page sent the ballot."""
    oddities: int = 0
    """Flags of Oddity."""
    app: App = "unknown"
    challenge_passed: bool | None = None
    challenge_ms: float | None = None
    counts: Counts | None = None
    """As they were live, when that was recorded."""

    @property
    def fingerprint(self) -> int:
        """Agent and client together."""
        return _fingerprint(self.agent, self.client)


def hashed(values: tuple[object, ...]) -> int:
    """63 bits of a hash of plain values: the same in every process and version."""
    return int.from_bytes(hashlib.sha256(repr(values).encode()).digest()[:8], "big") >> 1


@lru_cache(20_000)
def _fingerprint(agent: int, client: int) -> int:
    return hashed((agent, client))
