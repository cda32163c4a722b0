"""Credentials: the content of a voter's bearer token or cookie."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import NamedTuple

from voting.domain.identity.channel import NUMBERS, Channel

IDENTITY_BYTES = 16
_LAYOUT = struct.Struct(f">BBQ{IDENTITY_BYTES}s")
_VERSION = 1
# With one more byte: the veiled risk.
_RATED = struct.Struct(f">BBQ{IDENTITY_BYTES}sB")
_RATED_VERSION = 2
_CHANNELS = {number: channel for channel, number in NUMBERS.items()}


class Credential(NamedTuple):
    """One voter of one contest. `identity` stands for the voter in this contest only; it is nobody's name or number.

    `veiled_risk`: what the channel's provider said of the account at the sign-in, if anything; the keyring veils it,
    because the voter can read the token.
    """

    identity: bytes
    channel: Channel
    issued_at: datetime
    veiled_risk: int | None = None

    def pack(self) -> bytes:
        """Returns the token's payload."""
        values = NUMBERS[self.channel], int(self.issued_at.timestamp() * 1000), self.identity
        if self.veiled_risk is None:
            return _LAYOUT.pack(_VERSION, *values)
        return _RATED.pack(_RATED_VERSION, *values, self.veiled_risk)


def unpack(payload: bytes) -> Credential | None:
    """Returns the credential in a token's payload; None for another version."""
    veiled_risk = None
    if len(payload) == _LAYOUT.size:
        version, channel, issued, identity = _LAYOUT.unpack(payload)
        expected = _VERSION
    elif len(payload) == _RATED.size:
        version, channel, issued, identity, veiled_risk = _RATED.unpack(payload)
        expected = _RATED_VERSION
    else:
        return None
    if version != expected or channel not in _CHANNELS:
        return None
    return Credential(identity, _CHANNELS[channel], datetime.fromtimestamp(issued / 1000, UTC), veiled_risk)
