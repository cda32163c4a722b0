"""Public keys with their owners' names, as logs and witnesses give them to others (C2SP signed-note)."""

from __future__ import annotations

import base64
import hashlib
from typing import NamedTuple

LOG_KEY, WITNESS_KEY = b"\x01", b"\x04"
"""The signature types of a log's key (Ed25519) and of a witness' (cosignature/v1)."""
KEY_ID_BYTES = 4


class VerifierKey(NamedTuple):
    """A public key with the name of its owner."""

    name: str
    type: bytes
    public: bytes

    @property
    def id(self) -> bytes:
        """The first bytes of the key's hash, by which a signature says whose it is."""
        return hashlib.sha256(self.name.encode() + b"\n" + self.type + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        """The key as others are given it (vkey)."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self.type + self.public).decode()}"


def read_key(text: str) -> VerifierKey:
    """Parses a vkey. Raises ValueError."""
    # The key's base64 may hold a plus sign, too.
    name, id, key = text.split("+", 2)
    data = base64.b64decode(key, validate=True)
    found = VerifierKey(name, data[:1], data[1:])
    if found.type not in (LOG_KEY, WITNESS_KEY) or len(found.public) != 32 or found.id.hex() != id or not name:
        raise ValueError("it is no vkey of an Ed25519 key: name+id+key")
    return found
