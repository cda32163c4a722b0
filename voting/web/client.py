"""Reads what a request tells of its client: the address through configured proxies, the agent, some headers.

All of it can be forged; it is a hint for signals.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from voting.domain.client import Address, ClientFacts, Origin, origin_of
from voting.fraud.agents import USER_AGENT_CHARACTERS
from voting.fraud.attempt import HEADERS
from voting.settings import Network

# More than any browser sends; what is longer is cut, for it is kept in memory for a while.
_HEADER_CHARACTERS = 256
_TOLD = {name.encode(): name for name in HEADERS}

# An ASGI connection scope, as the ASGI specification has it.
Scope = MutableMapping[str, Any]


class ClientReader:
    """Knows the trusted proxies."""

    def __init__(self, trusted_proxies: tuple[Network, ...]) -> None:
        self._trusted = trusted_proxies
        # Of one address come many requests: an office's, a school's.
        self._found = lru_cache(4096)(self._find)

    def read(self, scope: Scope) -> ClientFacts:
        """The facts of a request's client."""
        told: dict[str, str] = {}
        agent: str | None = None
        for field, value in scope["headers"]:
            name = _TOLD.get(field)
            if name:
                # Fields of one name are one, as RFC 9110 section 5.3 says.
                before = f"{told[name]}," if name in told else ""
                told[name] = (before + value.decode("latin-1"))[:_HEADER_CHARACTERS]
            elif field == b"user-agent":
                agent = value[:USER_AGENT_CHARACTERS].decode("latin-1")
        origin = self.origin(scope)
        return ClientFacts(origin.address if origin else None, agent, told)

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


def _header(scope: Scope, name: bytes) -> str:
    """All fields of that name in one, as RFC 9110 section 5.3 says."""
    return b",".join([value for field, value in scope["headers"] if field == name]).decode("latin-1")


def _parse(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
