"""What is known of a voter's client, as data. All of it can be forged: hints for signals, never proof."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Literal, NamedTuple

Address = IPv4Address | IPv6Address
App = Literal[
    "wechat", "mini_program", "wechat_work", "dingtalk", "feishu", "alipay", "browser", "automation", "unknown"
]


class ClientFacts(NamedTuple):
    """The client of one request. `device` is mobile, tablet, pc or other; families are user-agents' words."""

    app: App
    browser: str
    os: str
    device: str
    address: Address | None


def network_of(address: Address) -> str:
    """The network that one holder is given: an IPv4 /24, an IPv6 /64 (RFC 6177 section 2)."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    # Reckoned by hand: an ip_network costs five times as much, and each ballot needs one.
    if isinstance(address, IPv6Address):
        return f"{IPv6Address(int(address) >> 64 << 64)}/64"
    return f"{IPv4Address(int(address) >> 8 << 8)}/24"
