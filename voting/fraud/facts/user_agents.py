"""Extracts from a User-Agent what fraud rules need for every ballot: app, system, phone or desktop.

We have our own table because user-agents (client_class.py) knows neither WeChat on Android nor the other Chinese apps,
and takes fifty times as long.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from voting.domain.ballots.client import App

# Parsers take 60 ms for a header of 8 KB, so longer ones are truncated.
USER_AGENT_CHARACTERS = 512
# The first match names the app. A mini program's string contains WeChat's token too, so it comes first. Patterns are in
# lower case, because ignoring case takes ten times as long; word boundaries are checked behind a match, because a
# pattern that begins with \b is tried at every place.
_APPS: tuple[tuple[App, re.Pattern[str]], ...] = (
    ("mini_program", re.compile(r"miniprogram")),
    ("wechat_work", re.compile(r"wxwork/")),
    ("wechat", re.compile(r"micromessenger/|windowswechat|macwechat")),
    ("dingtalk", re.compile(r"dingtalk")),
    ("feishu", re.compile(r"lark/(?<!\wlark/)|feishu")),
    ("alipay", re.compile(r"alipayclient")),
    (
        "automation",
        re.compile(
            r"headlesschrome|phantomjs|selenium|webdriver|puppeteer|playwright|python|httpx|aiohttp|curl/|wget/|"
            r"go-http-client|okhttp|axios|node-fetch|undici|scrapy|java/|libwww|bot\b|spider|crawl|locust",
        ),
    ),
)


# The model of an Android device is not evidence of an app: CUBOT X50 is a phone, Highscreen Spider another.
_MODEL = re.compile(r"(?<=android)[^()]*(?=\))")
# The first match names the system; Harmony's phones run Android's browsers.
_SYSTEMS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("android", re.compile(r"android|harmonyos|openharmony")),
    ("ios", re.compile(r"iphone|ipad|ipod")),
    ("windows", re.compile(r"windows")),
    ("mac", re.compile(r"macintosh|mac os x")),
    ("chrome", re.compile(r"cros\b(?<!\wcros)")),
    ("linux", re.compile(r"linux|x11")),
)
# Chrome and Edge themselves, not the many browsers built on them.
_CHROME = re.compile(
    r"Mozilla/5\.0 \([^)]*\) AppleWebKit/537\.36 \(KHTML, like Gecko\) Chrome/[\d.]+ Safari/537\.36(?: Edg/[\d.]+)?"
)


class Outline(NamedTuple):
    """The outline of a User-Agent. `system`: android, ios, windows, mac, chrome, linux, or empty."""

    app: App
    system: str
    is_phone: bool
    is_desktop: bool
    is_chrome: bool
    """Whether it is Chrome or Edge itself."""


@lru_cache(20_000)
def outline(agent: str) -> Outline:
    """Returns the outline of a User-Agent that is already truncated."""
    lower = _MODEL.sub("", agent.lower())
    app: App = next((name for name, token in _APPS if token.search(lower)), "browser") if agent else "automation"
    system = next((name for name, token in _SYSTEMS if token.search(lower)), "")
    is_phone = system in ("android", "ios") and "iPad" not in agent and "Mobile" in agent
    is_desktop = system in ("windows", "mac", "chrome", "linux")
    return Outline(app, system, is_phone, is_desktop, _CHROME.fullmatch(agent) is not None)
