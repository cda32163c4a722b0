"""Credentials: the content of a voter's bearer token or cookie."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import NamedTuple

from voting.domain.identity.channel import NUMBERS, Channel

IDENTITY_BYTES = 16
_LAYOUT = struct.Struct(f">BBQ{IDENTITY_BYTES}s")
_VERSION = 1
_CHANNELS = {number: channel for channel, number in NUMBERS.items()}


class Credential(NamedTuple):
    """One voter of one contest. `identity` stands for the voter in this contest only; it is nobody's name or number."""

    identity: bytes
    channel: Channel
    issued_at: datetime

    def pack(self) -> bytes:
        """Returns the token's payload."""
        return _LAYOUT.pack(_VERSION, NUMBERS[self.channel], int(self.issued_at.timestamp() * 1000), self.identity)


def unpack(payload: bytes) -> Credential | None:
    """Returns the credential in a token's payload; None for another version."""
    if len(payload) != _LAYOUT.size:
        return None
    version, channel, issued, identity = _LAYOUT.unpack(payload)
    if version != _VERSION or channel not in _CHANNELS:
        return None
    return Credential(identity, _CHANNELS[channel], datetime.fromtimestamp(issued / 1000, UTC))
