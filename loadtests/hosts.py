"""Which servers may be loaded: this machine's, unless somebody says otherwise."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether the address is this machine's."""
    return urlsplit(host).hostname in ("127.0.0.1", "::1", "localhost")
