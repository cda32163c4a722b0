"""Computes the facts of a ballot's sender from a request or a recorded line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from voting.domain.ballots.client import App
from voting.fraud.facts.attempt import HEADERS, Attempt, Sighting
from voting.fraud.facts.facts import Facts, Oddity, hashed
from voting.fraud.facts.user_agents import USER_AGENT_CHARACTERS, Outline, outline


def recorded_facts(attempt: Attempt) -> Facts:
    """Returns the facts of an attempt; facts recorded by a live service override everything else."""
    return observe(attempt) if attempt.facts is None else attempt.facts


def observe(sighting: Sighting) -> Facts:
    """Returns the facts of a ballot's sender."""
    at, issued_at, opened_at = sighting.at, sighting.device_issued_at, sighting.opened_at
    address, prefix = places(sighting.ip) if sighting.ip else (None, None)
    agent = sighting.user_agent
    if agent is not None:
        agent = _INSTALLATION.sub("MMWEBID/0", agent[:USER_AGENT_CHARACTERS])
    headers, (origin, referer) = _texts(sighting.headers) if sighting.headers else _NO_HEADERS
    page = None
    if (client := sighting.client) is not None:
        languages = client.languages
        first = languages[0] if isinstance(languages, list) and languages else languages
        first = first if isinstance(first, str) else None
        page = _Page(client.screen, client.dpr, str(languages), first, client.timezone, client.platform)
    sender = _sender(agent, sighting.channel, sighting.headers is not None, headers, page)
    site = origin or referer
    solved = sighting.challenge
    return Facts(
        sighting.channel,
        sighting.device,
        max(0, int((at - issued_at).total_seconds())) if issued_at else None,
        round((at - opened_at).total_seconds() * 1000) if opened_at else None,
        address,
        prefix,
        sighting.asn,
        sighting.hosting,
        sender.agent,
        sender.client,
        _site(site) if site else 0,
        sender.oddities,
        sender.app,
        solved.passed if solved else None,
        solved.ms if solved else None,
        risk=sighting.risk,
    )


# These patterns take a tenth of ipaddress's time; the IPv6 one covers the usual spellings.
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")
_IPV6 = re.compile(r"[1-9a-f][0-9a-f]{0,3}(?::[0-9a-f]{1,4}){7}")
_MAPPED = bytes(10) + b"\xff\xff"


@lru_cache(20_000)
def places(ip: str) -> tuple[str, str] | tuple[None, None]:
    """Returns the holder's address and the site's prefix, or (None, None) for an invalid address."""
    if _IPV4.fullmatch(ip):
        return ip, ip.rpartition(".")[0] + ".0/24"
    if _IPV6.fullmatch(ip):
        groups = ":".join([group.zfill(4) for group in ip.split(":", 4)[:4]])
    else:
        try:
            packed = IPv6Address(ip).packed
        except ValueError:
            return None, None
        if packed.startswith(_MAPPED):
            return places(".".join(map(str, packed[len(_MAPPED) :])))
        groups = packed.hex(":", 2)
    return groups[:19] + "::/64", groups[:14] + "::/48"


@lru_cache(2000)
def _site(address: str) -> int:
    try:
        return hashed((urlsplit(address).hostname,))
    except ValueError:
        return hashed((address,))


_Texts = tuple[str | None, ...]


def _texts(headers: Mapping[str, object]) -> tuple[_Texts, _Texts]:
    """Returns the values of HEADERS in order, with the last two, which name the site, separate."""
    values = tuple([value if isinstance(value, str) else None for value in map(headers.get, HEADERS)])
    return values[:-2], values[-2:]


_NO_HEADERS = _texts({})
# WeChat's number of one installation. Mask its digits so that few kinds of senders remain.
_INSTALLATION = re.compile(r"MMWEBID/(?<!\wMMWEBID/)\d+")


class _Page(msgspec.Struct, frozen=True, gc=False):
    """The page's report, as comparable values."""

    screen: str | None
    dpr: float | None
    languages: str
    first_language: str | None
    timezone: str | None
    platform: str | None


class _Sender(NamedTuple):
    agent: int
    client: int
    oddities: int
    app: App


@lru_cache(20_000)
def _sender(
    agent: str | None, channel: str | None, has_headers: bool, headers: tuple[str | None, ...], page: _Page | None
) -> _Sender:
    """Returns the kind of sender of a ballot. Cached, since many ballots come from one kind of phone."""
    language = headers[0]
    if page is not None:
        client = hashed((page.screen, page.dpr, page.languages, page.timezone, page.platform, language))
    else:
        client = hashed((language,)) if language is not None else 0
    return _Sender(
        hashed((_OF_ONE.sub("", agent),)) if agent is not None else 0,
        client,
        int(_oddities(agent, channel, has_headers, headers, page)),
        outline(agent).app if agent else "unknown",
    )


_NOTHING = Oddity(0)


def _oddities(
    agent: str | None, channel: str | None, has_headers: bool, headers: tuple[str | None, ...], page: _Page | None
) -> Oddity:
    language, hints, platform, mobile, site = headers
    odd = Oddity.CROSS_SITE if site == "cross-site" else _NOTHING
    if agent is None:
        return odd
    known = outline(agent)
    if known.app == "automation":
        odd |= Oddity.AUTOMATION
    if has_headers and language is None and known.app != "mini_program":
        odd |= Oddity.NO_LANGUAGE
    odd |= _hints(agent, known, (hints, platform, mobile, site))
    if known.app == "wechat" and not ("NetType/" in agent and "Language/" in agent) and not known.is_desktop:
        odd |= Oddity.WECHAT_TOKENS
    if channel in ("wechat", "mini_program") and known.app in ("browser", "automation"):
        odd |= Oddity.CHANNEL
    return odd | _page(known, language, page) if page else odd


_VERSION = re.compile(r"\b(?:Chrome|Chromium|Edg)/(\d+)")
_HINTED = re.compile(r'"(?:Chromium|Google Chrome|Microsoft Edge)";\s*v="?(\d+)')


# WeChat adds the installation and the current network, which would make each phone a kind of its own.
_OF_ONE = re.compile(r" ?\b(?:MMWEBID|NetType)/\S+")


def _hints(agent: str, outline: Outline, headers: tuple[str | None, ...]) -> Oddity:
    hints, platform, mobile, site = headers
    odd = _NOTHING
    if platform and (named := _SYSTEMS.get(platform.strip('"').lower())) and outline.system not in ("", named):
        odd |= Oddity.HINT_PLATFORM
    if (mobile == "?1" and outline.is_desktop) or (mobile == "?0" and outline.is_phone):
        odd |= Oddity.HINT_MOBILE
    version = _VERSION.search(agent)
    if hints and not version:
        odd |= Oddity.HINT_FOREIGN
    hinted = _HINTED.findall(hints) if hints else []
    if version and hinted and version[1] not in hinted:
        odd |= Oddity.HINT_VERSION
    if outline.is_desktop and outline.is_chrome and version and int(version[1]) >= 90 and site and not hints:
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


# The prefix of navigator.platform on each system. iPadOS says MacIntel; Android says Linux.
_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "android": ("linux", "android", "harmony", "arm"),
    "ios": ("iphone", "ipad", "ipod", "macintel", "ios"),
    "mac": ("mac", "iphone", "ipad"),
    "windows": ("win",),
    "linux": ("linux", "x11"),
}


def _page(outline: Outline, language: str | None, page: _Page) -> Oddity:
    odd = _NOTHING
    screen, platform, first = page.screen, page.platform, page.first_language
    expected = _PLATFORMS.get(outline.system)
    if platform and expected and not platform.lower().startswith(expected):
        odd |= Oddity.PLATFORM
    if first and language and first[:2].lower() != language.strip()[:2].lower():
        odd |= Oddity.LANGUAGES
    if screen and outline.is_phone and (size := re.fullmatch(r"(\d+)x(\d+)", screen)):
        short = min(int(size[1]), int(size[2]))
        # CSS pixels: no phone is this wide, or has a pixel ratio of 1 with a desktop's width.
        if short > 620 or (page.dpr == 1 and short > 500):
            odd |= Oddity.SCREEN
    if screen in ("800x600", "0x0"):
        odd |= Oddity.SCREEN
    return odd
