"""Credentials: the content of a voter's bearer token or cookie."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import NamedTuple

from voting.domain.identity.channel import CHANNELS, Channel

IDENTITY_BYTES = 16
_LAYOUT = struct.Struct(f">BBQ{IDENTITY_BYTES}s")
_VERSION = 1
_ISSUED = 255


class Credential(NamedTuple):
    """One voter of one contest. `channel` is None if the organiser issued it. `identity` never leaves the token."""

    identity: bytes
    channel: Channel | None
    issued_at: datetime

    def pack(self) -> bytes:
        """Returns the token's payload."""
        channel = _ISSUED if self.channel is None else CHANNELS.index(self.channel)
        return _LAYOUT.pack(_VERSION, channel, int(self.issued_at.timestamp() * 1000), self.identity)


def unpack(payload: bytes) -> Credential | None:
    """Returns the credential in a token's payload; None for another version."""
    if len(payload) != _LAYOUT.size:
        return None
    version, channel, issued, identity = _LAYOUT.unpack(payload)
    if version != _VERSION or (channel != _ISSUED and channel >= len(CHANNELS)):
        return None
    return Credential(
        identity, None if channel == _ISSUED else CHANNELS[channel], datetime.fromtimestamp(issued / 1000, UTC)
    )
