"""Encrypts single texts that are stored, under a key made from the secret: a copy of the table alone shows none."""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


def encrypt(key: bytes, of: str, text: str) -> bytes:
    """Returns a text as it is stored. `of`: whose it is; it cannot be read as another's."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text.encode(), of.encode())


def decrypt(key: bytes, of: str, stored: bytes) -> str | None:
    """Returns the text; None if it was stored under another key, or is another's."""
    nonce, text = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
    try:
        return AESGCM(key).decrypt(nonce, text, of.encode()).decode()
    except InvalidTag:
        return None
