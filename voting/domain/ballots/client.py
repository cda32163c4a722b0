"""Facts about a voter's client. All of them can be forged: they are hints for signals, never proof."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Literal, NamedTuple

Address = IPv4Address | IPv6Address
App = Literal[
    "wechat", "mini_program", "wechat_work", "dingtalk", "feishu", "alipay", "browser", "automation", "unknown"
]


class Origin(NamedTuple):
    """The address of a request and the network that one holder is usually given, as text."""

    address: str
    network: str


class ClientFacts(NamedTuple):
    """The client of one request, unparsed: address, User-Agent and the headers used as signals."""

    address: str | None
    agent: str | None
    headers: dict[str, str]


def origin_of(address: Address) -> Origin:
    """Returns the address with its IPv4 /24 or IPv6 /64 network (RFC 6177 section 2); unwraps IPv4 mapped into IPv6."""
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    length = 24 if isinstance(address, IPv4Address) else 64
    return Origin(str(address), str(ip_network((address, length), strict=False)))
