"""Cross-origin requests (Fetch standard, section 3.2): pages on other hosts that the organiser names may vote.

Only the public API allows them. A page of another site has no cookie here (SameSite=Lax) and sends the credential as a
bearer token; one on a sibling host has the cookie. JSON needs a preflight, which allows nothing to other origins, so no
other site can cast a ballot with a voter's cookie.
"""

from __future__ import annotations

import re

from voting.web.client import Scope

Fields = list[tuple[bytes, bytes]]

_PUBLIC = re.compile(r"/api/v1/contests(?:/[^/]+(?:/(?:entries|tallies|challenges|voters|ballots|me))?)?")
# A cache must not give one page's answer to another's.
_VARY = (b"vary", b"Origin")
_ALLOWED = [
    (b"access-control-allow-credentials", b"true"),
    (b"access-control-expose-headers", b"ETag, Retry-After, X-Request-Id"),
]
_PREFLIGHT = [
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"Authorization, Content-Type, Idempotency-Key, If-None-Match"),
    (b"access-control-max-age", b"600"),
]


class Cors:
    """Allows the named sites' pages to use the public API."""

    def __init__(self, origins: frozenset[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def fields(self, scope: Scope) -> Fields:
        """Returns header fields for any response; the framework answers OPTIONS of every route with 204."""
        if not self._origins or not _PUBLIC.fullmatch(scope["path"]):
            return []
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if len(origins) != 1 or origins[0] not in self._origins:
            return [_VARY]
        fields = [_VARY, (b"access-control-allow-origin", origins[0]), *_ALLOWED]
        names = [name for name, _ in scope["headers"]]
        is_preflight = scope["method"] == "OPTIONS" and b"access-control-request-method" in names
        return [*fields, *_PREFLIGHT] if is_preflight else fields
