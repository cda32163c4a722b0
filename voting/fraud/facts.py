"""What an attempt tells, as plain values that can be stored, counted and compared: the same live and in a backtest."""

from __future__ import annotations

import enum
import hashlib
import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

import msgspec

from voting.domain.client import App
from voting.fraud.agents import USER_AGENT_CHARACTERS, classify
from voting.fraud.attempt import Attempt, Client


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


class Counts(msgspec.Struct, frozen=True, array_like=True):
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


class Facts(msgspec.Struct, frozen=True, array_like=True):
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
    """The User-Agent, by 63 bits of its SHA-256; 0: unknown. So the two below."""
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
        return _hash((self.agent, self.client))


def observe(attempt: Attempt) -> Facts:
    """The facts of an attempt."""
    agent = attempt.user_agent[:USER_AGENT_CHARACTERS] if attempt.user_agent is not None else None
    headers = attempt.headers or {}
    address, prefix = places(attempt.ip) if attempt.ip else (None, None)
    app = classify(agent)[0] if agent else "unknown"
    solved = attempt.challenge
    return Facts(
        channel=attempt.channel,
        device=attempt.device,
        age=max(0, int((attempt.at - attempt.device_issued_at).total_seconds())) if attempt.device_issued_at else None,
        reading=round((attempt.at - attempt.opened_at).total_seconds() * 1000) if attempt.opened_at else None,
        address=address,
        prefix=prefix,
        asn=attempt.asn,
        hosting=attempt.hosting,
        agent=_hash((agent,)) if agent is not None else 0,
        client=_client(attempt.client, _text(headers.get("accept-language"))),
        origin=_origin(_text(headers.get("origin")) or _text(headers.get("referer"))),
        oddities=int(_oddities(attempt, agent, headers)),
        app=app,
        challenge_passed=solved.passed if solved else None,
        challenge_ms=solved.ms if solved else None,
    )


@lru_cache(20_000)
def places(ip: str) -> tuple[str, str] | tuple[None, None]:
    """The holder's address and the site's prefix; nothing for what is no address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return None, None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return places(str(address.ipv4_mapped))
        return str(ip_network((address, 64), strict=False)), str(ip_network((address, 48), strict=False))
    return ip, ip.rpartition(".")[0] + ".0/24"


def _client(client: Client | None, language: str | None) -> int:
    if client is None:
        return _hash((language,)) if language is not None else 0
    return _hash((client.screen, client.dpr, str(client.languages), client.timezone, client.platform, language))


def _origin(address: str | None) -> int:
    return _site(address) if address else 0


@lru_cache(2000)
def _site(address: str) -> int:
    try:
        return _hash((urlsplit(address).hostname,))
    except ValueError:
        return _hash((address,))


@lru_cache(20_000)
def _hash(values: tuple[object, ...]) -> int:
    return int.from_bytes(hashlib.sha256(repr(values).encode()).digest()[:8], "big") >> 1


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _oddities(attempt: Attempt, agent: str | None, headers: Mapping[str, Any]) -> Oddity:
    names = ("accept-language", "sec-ch-ua", "sec-ch-ua-platform", "sec-ch-ua-mobile", "sec-fetch-site")
    client = attempt.client
    languages = client.languages if client else None
    first = languages[0] if isinstance(languages, list) and languages else languages
    return _odd(
        agent,
        attempt.channel,
        attempt.headers is not None,
        tuple(_text(headers.get(name)) for name in names),
        (client.screen, client.dpr, client.platform, _text(first)) if client else (None, None, None, None),
    )


@lru_cache(10_000)
def _odd(
    agent: str | None,
    channel: str | None,
    has_headers: bool,
    headers: tuple[str | None, ...],
    client: tuple[str | None, float | None, str | None, str | None],
) -> Oddity:
    """Cached: of one kind of phone come many ballots."""
    language, hints, platform, mobile, site = headers
    odd = Oddity.CROSS_SITE if site == "cross-site" else Oddity(0)
    if agent is None:
        return odd
    app, browser, system, kind = classify(agent) if agent else ("automation", "", "", "other")
    if app == "automation":
        odd |= Oddity.AUTOMATION
    if has_headers and language is None and app != "mini_program":
        odd |= Oddity.NO_LANGUAGE
    odd |= _hints(agent, browser, system, kind, (hints, platform, mobile, site))
    if app == "wechat" and not ("NetType/" in agent and "Language/" in agent) and kind != "pc":
        odd |= Oddity.WECHAT_TOKENS
    if channel in ("wechat", "mini_program") and app in ("browser", "automation"):
        odd |= Oddity.CHANNEL
    return odd | _page(system, kind, language, client)


_VERSION = re.compile(r"\b(?:Chrome|Chromium|Edg)/(\d+)")
_HINTED = re.compile(r'"(?:Chromium|Google Chrome|Microsoft Edge)";\s*v="?(\d+)')


def _hints(agent: str, browser: str, system: str, kind: str, headers: tuple[str | None, ...]) -> Oddity:
    hints, platform, mobile, site = headers
    odd = Oddity(0)
    if platform and (named := _SYSTEMS.get(platform.strip('"').lower())) and system and named != _family(system):
        odd |= Oddity.HINT_PLATFORM
    if mobile in ("?0", "?1") and kind in ("mobile", "pc") and (mobile == "?1") != (kind == "mobile"):
        odd |= Oddity.HINT_MOBILE
    version = _VERSION.search(agent)
    if hints and not version:
        odd |= Oddity.HINT_FOREIGN
    hinted = _HINTED.findall(hints) if hints else []
    if version and hinted and version[1] not in hinted:
        odd |= Oddity.HINT_VERSION
    if kind == "pc" and browser in ("Chrome", "Edge") and version and int(version[1]) >= 90 and site and not hints:
        odd |= Oddity.HINT_MISSING
    return odd


_SYSTEMS = {
    "android": "android",
    "ios": "ios",
    "macos": "mac",
    "windows": "windows",
    "linux": "linux",
    "chrome os": "chrome",
    "harmonyos": "android",
}


def _family(system: str) -> str:
    """One word for a system family of user-agents."""
    low = system.lower()
    words = ("android", "ios", "mac", "windows", "chrome", "harmony", "linux", "ubuntu")
    found = next((word for word in words if word in low), low)
    return {"harmony": "android", "ubuntu": "linux"}.get(found, found)


# What navigator.platform begins with, on each system. iPadOS says MacIntel; Android says Linux.
_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "android": ("linux", "android", "harmony", "arm"),
    "ios": ("iphone", "ipad", "ipod", "macintel", "ios"),
    "mac": ("mac", "iphone", "ipad"),
    "windows": ("win",),
    "linux": ("linux", "x11"),
}


def _page(
    system: str, kind: str, language: str | None, client: tuple[str | None, float | None, str | None, str | None]
) -> Oddity:
    screen, ratio, platform, first = client
    odd = Oddity(0)
    known = _PLATFORMS.get(_family(system))
    if platform and known and not platform.lower().startswith(known):
        odd |= Oddity.PLATFORM
    if first and language and first[:2].lower() != language.strip()[:2].lower():
        odd |= Oddity.LANGUAGES
    if screen and kind == "mobile" and (size := re.fullmatch(r"(\d+)x(\d+)", screen)):
        short = min(int(size[1]), int(size[2]))
        # CSS pixels: no phone is so wide; and none has a plain ratio of 1 with a width that a desktop would have.
        if short > 620 or (ratio == 1 and short > 500):
            odd |= Oddity.SCREEN
    if screen in ("800x600", "0x0"):
        odd |= Oddity.SCREEN
    return odd
