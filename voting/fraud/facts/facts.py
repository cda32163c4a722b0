"""Facts of an attempt as plain values to store, count and compare: the same live and in a backtest."""

from __future__ import annotations

import enum
import hashlib
from functools import lru_cache

import msgspec

from voting.domain.ballots.client import App


class Oddity(enum.IntFlag):
    """Contradictions within one request. Unknown values never contradict."""

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
    """A desktop Chrome or Edge without client hints, although it sent Fetch Metadata (so it used HTTPS)."""
    WECHAT_TOKENS = 256
    """MicroMessenger in the User-Agent without the NetType and Language that WeChat adds."""
    CHANNEL = 512
    """A ballot through WeChat from another browser than WeChat's."""
    PLATFORM = 1024
    """navigator.platform names another system than the User-Agent."""
    LANGUAGES = 2048
    """navigator.languages begins with another language than Accept-Language."""
    SCREEN = 4096
    """A phone with a desktop's screen, or a headless browser's default one."""


# Plain values only: the garbage collector need not track hundreds of thousands of them.
class Counts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The number of similar ballots up to and including this one. 0 means unknown and has no effect.

    Windows are aligned with the clock; see voting/fraud/online/counters.py. For a ballot with several picks, the
    largest counts.
    """

    ballots: int = 0
    """Picks of the contest in this window of two hours."""
    entry: int = 0
    """Of these, picks of its entry."""
    fingerprint: int = 0
    """Of these (`ballots`), with its fingerprint."""
    entry_fingerprint: int = 0
    """Of these (`ballots`), with its entry and fingerprint."""
    prefix_fingerprint: int = 0
    """In this window of ten minutes, with its prefix and fingerprint."""
    place: int = 0
    """Of these, picks of its entry."""
    voters: int = 0
    """Voters of its device in this window of two hours."""


class Facts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The facts of one attempt; None means unknown. Keys are opaque: a live service hashes them before storing."""

    channel: str | None = None
    device: str | None = None
    age: int | None = None
    """Seconds since the device token was issued."""
    reading: int | None = None
    """Milliseconds since the page was issued."""
    address: str | None = None
    """IPv4 address or IPv6 /64, usually of one holder."""
    prefix: str | None = None
    """IPv4 /24 or IPv6 /48, usually of one site or a part of a carrier."""
    asn: int | None = None
    hosting: bool | None = None
    agent: int = 0
    """63 bits of the User-Agent's SHA-256; 0: unknown.

    A live service stores a hash under the contest's key of this and the next two; earlier versions did not.
    """
    client: int = 0
    """The page's report, and the languages that the browser requests."""
    origin: int = 0
    """The site whose page sent the ballot."""
    oddities: int = 0
    """Flags of Oddity."""
    app: App = "unknown"
    challenge_passed: bool | None = None
    challenge_ms: float | None = None
    counts: Counts | None = None
    """The live counts, if they were recorded."""
    risk: int | None = None
    """WeChat's risk rank, from 0 to 4. No policy weighs it yet."""

    @property
    def fingerprint(self) -> int:
        """Hashes agent and client together."""
        return _fingerprint(self.agent, self.client)


_FACTS = msgspec.json.Decoder(Facts)


def read_facts(text: str | None) -> Facts:
    """Parses stored facts; facts that are missing or of another version become unknown, which has no effect."""
    if text is None:
        return Facts()
    try:
        return _FACTS.decode(text)
    except msgspec.DecodeError:
        return Facts()


def hashed(values: tuple[object, ...]) -> int:
    """Returns 63 bits of a hash of plain values: the same in every process and version."""
    return int.from_bytes(hashlib.sha256(repr(values).encode()).digest()[:8], "big") >> 1


@lru_cache(20_000)
def _fingerprint(agent: int, client: int) -> int:
    return hashed((agent, client))
