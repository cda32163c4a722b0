"""Observes an attempt: its facts, from what a request or a recorded line holds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import urlsplit

from voting.domain.client import App
from voting.fraud.agents import USER_AGENT_CHARACTERS, Outline, outline
from voting.fraud.attempt import Attempt, Client
from voting.fraud.facts import Facts, Oddity, hashed


def observe(attempt: Attempt) -> Facts:
    """The facts of an attempt; those that a live service recorded win over all else."""
    if attempt.facts is not None:
        return attempt.facts
    agent = attempt.user_agent[:USER_AGENT_CHARACTERS] if attempt.user_agent is not None else None
    headers = attempt.headers or {}
    address, prefix = places(attempt.ip) if attempt.ip else (None, None)
    app: App = outline(agent).app if agent else "unknown"
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
        agent=hashed((agent,)) if agent is not None else 0,
        client=_client(attempt.client, _text(headers.get("accept-language"))),
        origin=_origin(_text(headers.get("origin")) or _text(headers.get("referer"))),
        oddities=int(_oddities(attempt, agent, headers)),
        app=app,
        challenge_passed=solved.passed if solved else None,
        challenge_ms=solved.ms if solved else None,
    )


# A tenth of what ipaddress takes; it decides about all that does not match.
_IPV4 = re.compile(r"(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!\Z)|\Z)){4}")


@lru_cache(20_000)
def places(ip: str) -> tuple[str, str] | tuple[None, None]:
    """The holder's address and the site's prefix; nothing for what is no address."""
    if _IPV4.fullmatch(ip):
        return ip, ip.rpartition(".")[0] + ".0/24"
    try:
        address = ip_address(ip)
    except ValueError:
        return None, None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return places(str(address.ipv4_mapped))
        parts = address.exploded.split(":")
        return ":".join(parts[:4]) + "::/64", ":".join(parts[:3]) + "::/48"
    return ip, ip.rpartition(".")[0] + ".0/24"


def _client(client: Client | None, language: str | None) -> int:
    if client is None:
        return hashed((language,)) if language is not None else 0
    return hashed((client.screen, client.dpr, str(client.languages), client.timezone, client.platform, language))


def _origin(address: str | None) -> int:
    return _site(address) if address else 0


@lru_cache(2000)
def _site(address: str) -> int:
    try:
        return hashed((urlsplit(address).hostname,))
    except ValueError:
        return hashed((address,))


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _oddities(attempt: Attempt, agent: str | None, headers: Mapping[str, Any]) -> Oddity:
    client = attempt.client
    languages = client.languages if client else None
    first = languages[0] if isinstance(languages, list) and languages else languages
    return _odd(
        agent,
        attempt.channel,
        attempt.headers is not None,
        (
            _text(headers.get("accept-language")),
            _text(headers.get("sec-ch-ua")),
            _text(headers.get("sec-ch-ua-platform")),
            _text(headers.get("sec-ch-ua-mobile")),
            _text(headers.get("sec-fetch-site")),
        ),
        (client.screen, client.dpr, client.platform, _text(first)) if client else (None, None, None, None),
    )


_NOTHING = Oddity(0)


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
    return odd | _page(known, language, client)


_VERSION = re.compile(r"\b(?:Chrome|Chromium|Edg)/(\d+)")
_HINTED = re.compile(r'"(?:Chromium|Google Chrome|Microsoft Edge)";\s*v="?(\d+)')


def _hints(agent: str, known: Outline, headers: tuple[str | None, ...]) -> Oddity:
    hints, platform, mobile, site = headers
    odd = _NOTHING
    if platform and (named := _SYSTEMS.get(platform.strip('"').lower())) and known.system not in ("", named):
        odd |= Oddity.HINT_PLATFORM
    if (mobile == "?1" and known.is_desktop) or (mobile == "?0" and known.is_phone):
        odd |= Oddity.HINT_MOBILE
    version = _VERSION.search(agent)
    if hints and not version:
        odd |= Oddity.HINT_FOREIGN
    hinted = _HINTED.findall(hints) if hints else []
    if version and hinted and version[1] not in hinted:
        odd |= Oddity.HINT_VERSION
    if known.is_desktop and known.is_chrome and version and int(version[1]) >= 90 and site and not hints:
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


# What navigator.platform begins with, on each system. iPadOS says MacIntel; Android says Linux.
_PLATFORMS: Mapping[str, tuple[str, ...]] = {
    "android": ("linux", "android", "harmony", "arm"),
    "ios": ("iphone", "ipad", "ipod", "macintel", "ios"),
    "mac": ("mac", "iphone", "ipad"),
    "windows": ("win",),
    "linux": ("linux", "x11"),
}


def _page(
    known: Outline, language: str | None, client: tuple[str | None, float | None, str | None, str | None]
) -> Oddity:
    screen, ratio, platform, first = client
    odd = _NOTHING
    expected = _PLATFORMS.get(known.system)
    if platform and expected and not platform.lower().startswith(expected):
        odd |= Oddity.PLATFORM
    if first and language and first[:2].lower() != language.strip()[:2].lower():
        odd |= Oddity.LANGUAGES
    if screen and known.is_phone and (size := re.fullmatch(r"(\d+)x(\d+)", screen)):
        short = min(int(size[1]), int(size[2]))
        # CSS pixels: no phone is so wide; and none has a plain ratio of 1 with a width that a desktop would have.
        if short > 620 or (ratio == 1 and short > 500):
            odd |= Oddity.SCREEN
    if screen in ("800x600", "0x0"):
        odd |= Oddity.SCREEN
    return odd
