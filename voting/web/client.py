"""Reads what a request tells of its client: the address through configured proxies, the agent, some headers.

All of it can be forged; it is a hint for signals.
"""

from __future__ import annotations

import logging
import re
from collections.abc import MutableMapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from voting.domain.ballots.client import Address, ClientFacts, Origin, origin_of
from voting.fraud.facts.attempt import HEADERS
from voting.fraud.facts.user_agents import USER_AGENT_CHARACTERS
from voting.settings import Network

# More than any browser sends; what is longer is cut, for it is kept in memory for a while.
_HEADER_CHARACTERS = 256
_TOLD = {name.encode(): name for name in HEADERS}

# A port, as some proxies add it; brackets, without which the port of an IPv6 address cannot be told apart; a zone.
_NODE = re.compile(r"\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}|([0-9A-Fa-f:.]+)(?:%.*)?")
_IGNORED = (
    "X-Forwarded-For is ignored, because the sender is not in VOTING_TRUSTED_PROXIES (%s). Behind a proxy all voters"
    " then share the proxy's address: add its network to the setting. This is logged once."
)
_UNREADABLE = (
    "X-Forwarded-For from proxy %s ends with %r (digits shown as 0), which is no address. Its voters are counted as"
    " that proxy and share its limits: make it send the client's address. This is logged once."
)
# An ASGI connection scope, as the ASGI specification has it.
Scope = MutableMapping[str, Any]


class ClientReader:
    """Knows the trusted proxies, and the other sites whose pages may vote here."""

    def __init__(self, trusted_proxies: tuple[Network, ...], other_sites: frozenset[str] = frozenset()) -> None:
        self._trusted = trusted_proxies
        self._other_sites = other_sites
        # Many requests come from one address: an office's, a school's.
        self._found = lru_cache(4096)(self._find)
        self._warned: set[str] = set()

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
        if told.get("origin") in self._other_sites and told.get("sec-fetch-site") == "cross-site":
            # The organiser lets this site's pages vote: that is no sign of fraud.
            told["sec-fetch-site"] = "same-site"
        origin = self.origin(scope)
        return ClientFacts(origin.address if origin else None, agent, told)

    def origin(self, scope: Scope) -> Origin | None:
        """The nearest address that is not a trusted proxy's: hops are counted from the right, and a hop that
        cannot be read ends the walk."""
        peer = scope.get("client")
        return self._found(peer[0], _header(scope, b"x-forwarded-for")) if peer else None

    def _find(self, peer: str, forwarded: str) -> Origin | None:
        found = _parse(peer)
        if found is None:
            return None
        if forwarded and not self._trusts(found):
            self._warn(_IGNORED, ", ".join(map(str, self._trusted)) or "empty")
        hops = forwarded.split(",") if forwarded else []
        while hops and self._trusts(found):
            hop = hops.pop().strip()
            before = _parse(hop)
            if before is None:
                # No address is logged, not even a misspelt one.
                self._warn(_UNREADABLE, str(found), re.sub(r"[0-9]", "0", hop[:60]))
                break
            found = before
        return origin_of(found)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _warn(self, message: str, *values: str) -> None:
        """Once for each kind: any client could fill the log otherwise."""
        if message not in self._warned:
            self._warned.add(message)
            logging.getLogger("voting").warning(message, *values)


def _header(scope: Scope, name: bytes) -> str:
    """All fields of that name in one, as RFC 9110 section 5.3 says."""
    return b",".join([value for field, value in scope["headers"] if field == name]).decode("latin-1")


def _parse(text: str) -> Address | None:
    """The address of a node as RFC 7239 section 6 and common proxies write it, quoted or not."""
    node = _NODE.fullmatch(text.strip().strip('"'))
    try:
        address = ip_address(node[1] or node[2] or node[3]) if node else None
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
