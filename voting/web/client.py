"""Reads the client facts of a request: the address through configured proxies, the agent, some headers.

All of them can be forged: they are hints for signals.
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
from voting.setting_values import Network

# More than any browser sends; longer values are truncated, since they stay in memory for a while.
_HEADER_CHARACTERS = 256
_TOLD = {name.encode(): name for name in HEADERS}

# A port, as some proxies add it; brackets, without which an IPv6 address's port is ambiguous; a zone.
_NODE = re.compile(r"\[([0-9A-Fa-f:.]+)(?:%[^\]]*)?\](?::[0-9]{1,5})?|([0-9.]+):[0-9]{1,5}|([0-9A-Fa-f:.]+)(?:%.*)?")
_IGNORED = (
    "X-Forwarded-For is ignored, because the sender is not in VOTING_TRUSTED_PROXIES (%s). Behind a proxy all voters"
    " then share the proxy's address: add its network to the setting. This is logged once."
)
_UNREADABLE = (
    "X-Forwarded-For from proxy %s ends with %r (digits shown as 0), which is no address. Its voters are counted as"
    " that proxy and share its limits: make it send the client's address. This is logged once."
)
# An ASGI connection scope, as in the ASGI specification.
Scope = MutableMapping[str, Any]


class ClientReader:
    """Reads client facts, given the trusted proxies and the other sites whose pages may vote here."""

    def __init__(self, trusted_proxies: tuple[Network, ...], other_sites: frozenset[str] = frozenset()) -> None:
        self._trusted = trusted_proxies
        self._other_sites = other_sites
        # Many requests come from one address, such as an office's or a school's.
        self._found = lru_cache(4096)(self._find)
        self._warned: set[str] = set()

    def read(self, scope: Scope) -> ClientFacts:
        """Returns the facts of a request's client."""
        selected: dict[str, str] = {}
        agent: str | None = None
        for field, value in scope["headers"]:
            name = _TOLD.get(field)
            if name:
                # Join fields of one name, as in RFC 9110 section 5.3.
                before = f"{selected[name]}," if name in selected else ""
                selected[name] = (before + value.decode("latin-1"))[:_HEADER_CHARACTERS]
            elif field == b"user-agent":
                agent = value[:USER_AGENT_CHARACTERS].decode("latin-1")
        if selected.get("origin") in self._other_sites and selected.get("sec-fetch-site") == "cross-site":
            # The organiser allows this site's pages to vote, so it is no sign of fraud.
            selected["sec-fetch-site"] = "same-site"
        return ClientFacts(self.address(scope), agent, selected)

    def address(self, scope: Scope) -> str | None:
        """Returns the client's address."""
        origin = self.origin(scope)
        return origin.address if origin else None

    def origin(self, scope: Scope) -> Origin | None:
        """Returns the nearest address that is not a trusted proxy's.

        Hops are read from the right, up to the first that is invalid.
        """
        peer = scope.get("client")
        if not peer:
            return None
        # Join fields of one name, as in RFC 9110 section 5.3.
        forwarded = b",".join([value for field, value in scope["headers"] if field == b"x-forwarded-for"])
        return self._found(peer[0], forwarded.decode("latin-1"))

    def _find(self, peer: str, forwarded: str) -> Origin | None:
        address = _parse(peer)
        if address is None:
            return None
        if forwarded and not self._trusts(address):
            self._warn(_IGNORED, ", ".join(map(str, self._trusted)) or "empty")
        hops = forwarded.split(",") if forwarded else []
        while hops and self._trusts(address):
            hop = hops.pop().strip()
            before = _parse(hop)
            if before is None:
                # Log no address, not even a misspelt one.
                self._warn(_UNREADABLE, str(address), re.sub(r"[0-9]", "0", hop[:60]))
                break
            address = before
        return origin_of(address)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._trusted)

    def _warn(self, message: str, *values: str) -> None:
        """Logs a warning once for each kind: otherwise any client could fill the log."""
        if message not in self._warned:
            self._warned.add(message)
            logging.getLogger("voting").warning(message, *values)


def _parse(text: str) -> Address | None:
    """Parses the address of a node as in RFC 7239 section 6 and common proxies, quoted or not."""
    node = _NODE.fullmatch(text.strip().strip('"'))
    try:
        address = ip_address(node[1] or node[2] or node[3]) if node else None
    except ValueError:
        return None
    return address.ipv4_mapped or address if isinstance(address, IPv6Address) else address
