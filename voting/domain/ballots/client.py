"""What is known of a voter's client, as data. All of it can be forged: hints for signals, never proof."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Literal, NamedTuple

Address = IPv4Address | IPv6Address
App = Literal[
    "wechat", "mini_program", "wechat_work", "dingtalk", "feishu", "alipay", "browser", "automation", "unknown"
]


class Origin(NamedTuple):
    """Where a request comes from, as text: its address, and the network that one holder is given."""

    address: str
    network: str


class ClientFacts(NamedTuple):
    """The client of one request, as it came: the address, the User-Agent, and the headers that tell something."""

    address: str | None
    agent: str | None
    headers: dict[str, str]


def origin_of(address: Address) -> Origin:
    """Its network is an IPv4 /24 or an IPv6 /64 (RFC 6177 section 2); IPv4 may come mapped into IPv6."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    length = 24 if isinstance(address, IPv4Address) else 64
    return Origin(str(address), str(ip_network((address, length), strict=False)))
