"""Classifies the device, browser and system of a voter's client for evidence, boards and exports.

It uses user-agents, whose tables take most of a second to load and a millisecond to search: never import or call it
while a voter waits.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import ua_parser
from user_agents.parsers import UserAgent, parse_browser, parse_device, parse_operating_system

from voting.domain.ballots.client import App
from voting.fraud.facts.user_agents import outline

Device = Literal["mobile", "tablet", "pc", "bot", "other"]


class ClientClass(NamedTuple):
    """The class of a User-Agent. Families are spelt as in ua-parser, "Other" if unknown."""

    app: App
    device: Device
    browser: str
    system: str


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


def classify(agent: str) -> ClientClass:
    """Returns the class of a User-Agent that is already truncated."""
    parsed, app = _Agent(agent), outline(agent).app
    if app == "browser" and parsed.is_bot:
        app = "automation"
    traits = (parsed.is_mobile, parsed.is_tablet, parsed.is_pc, parsed.is_bot, True)
    device = next(kind for kind, has in zip(get_args(Device), traits, strict=True) if has)
    return ClientClass(app, device, parsed.browser.family, parsed.os.family)
