"""Reads what a request tells of its client: the address through configured proxies, the app, the device.

user-agents names neither WeChat on Android nor any of the other apps of this country, and its parser takes 60 ms for
an 8 KB header: hence the own table and the cut. All of it can be forged; it is a hint for signals.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

import ua_parser
from user_agents.parsers import UserAgent, parse_browser, parse_device, parse_operating_system

from voting.domain.client import Address, App, ClientFacts, Origin, origin_of
from voting.settings import Network

# An ASGI connection scope, as the ASGI specification has it.
Scope = MutableMapping[str, Any]

USER_AGENT_CHARACTERS = 512
# The first that matches names the app. A mini program's string holds WeChat's token too, so it goes before.
_APPS: tuple[tuple[App, re.Pattern[str]], ...] = (
    ("mini_program", re.compile(r"miniProgram|MiniProgramEnv", re.I)),
    ("wechat_work", re.compile(r"wxwork/", re.I)),
    ("wechat", re.compile(r"MicroMessenger/|WindowsWechat|MacWechat", re.I)),
    ("dingtalk", re.compile(r"DingTalk", re.I)),
    ("feishu", re.compile(r"\bLark/|Feishu", re.I)),
    ("alipay", re.compile(r"AlipayClient", re.I)),
    (
        "automation",
        re.compile(
            r"HeadlessChrome|PhantomJS|selenium|webdriver|puppeteer|playwright|python|httpx|aiohttp|curl/|wget/|"
            r"go-http-client|okhttp|axios|node-fetch|undici|scrapy|java/|libwww|bot\b|spider|crawl|Locust",
            re.I,
        ),
    ),
)


class _Agent(UserAgent):  # type: ignore[misc]
    """user-agents' classification on ua-parser's current, bounded and much faster parser."""

    def __init__(self, text: str) -> None:
        self.ua_string, parsed = text, ua_parser.parse(text)
        agent, system, device = parsed.user_agent, parsed.os, parsed.device
        self.browser = (
            parse_browser(agent.family, agent.major, agent.minor, agent.patch) if agent else parse_browser("Other")
        )
        self.os = (
            parse_operating_system(system.family, system.major, system.minor, system.patch, system.patch_minor)
            if system
            else parse_operating_system("Other")
        )
        self.device = (
            parse_device(device.family, device.brand, device.model) if device else parse_device("Other", None, None)
        )


class ClientReader:
    """Knows the trusted proxies."""

    def __init__(self, trusted_proxies: tuple[Network, ...]) -> None:
        self._trusted = trusted_proxies
        # Of one address come many requests: an office's, a school's.
        self._found = lru_cache(4096)(self._find)

    def read(self, scope: Scope) -> ClientFacts:
        """The facts of a request's client."""
        agent = _header(scope, b"user-agent")[:USER_AGENT_CHARACTERS]
        app, browser, system, device = classify(agent)
        return ClientFacts(app, browser, system, device, self.origin(scope))

    def origin(self, scope: Scope) -> Origin | None:
        """The nearest address that is not a trusted proxy's: hops are counted from the right, and a hop that
        cannot be read ends the walk."""
        peer = scope.get("client")
        return self._found(peer[0], _header(scope, b"x-forwarded-for") if self._trusted else "") if peer else None

    def _find(self, peer: str, forwarded: str) -> Origin | None:
        found = _parse(peer)
        for hop in reversed(forwarded.split(",")):
            if found is None or not any(found in network for network in self._trusted):
                break
            before = _parse(hop.strip())
            if before is None:
                break
            found = before
        return origin_of(found) if found else None


@lru_cache(2000)
def classify(agent: str) -> tuple[App, str, str, str]:
    """App, browser family, system family and kind of device of a User-Agent, already cut."""
    if not agent:
        return "unknown", "", "", "other"
    parsed = _Agent(agent)
    app = next((name for name, token in _APPS if token.search(agent)), "automation" if parsed.is_bot else "browser")
    kinds = {"mobile": parsed.is_mobile, "tablet": parsed.is_tablet, "pc": parsed.is_pc}
    return app, parsed.browser.family, parsed.os.family, next((kind for kind, is_it in kinds.items() if is_it), "other")


def _header(scope: Scope, name: bytes) -> str:
    """All fields of that name in one, as RFC 9110 section 5.3 says."""
    return b",".join([value for field, value in scope["headers"] if field == name]).decode("latin-1")


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
