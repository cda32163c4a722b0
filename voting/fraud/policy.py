"""A fraud policy: a file with a version, known by its hash. Weights are data; nothing is learnt while it runs."""

from __future__ import annotations

import hashlib
import tomllib
from typing import Any

import msgspec


class Policy(msgspec.Struct, frozen=True):
    """`online` judges a ballot when it is cast, `sweep` all of them again later, as a group."""

    version: str
    sha256: str
    online: dict[str, Any]
    sweep: dict[str, Any]


def read_policy(text: str) -> Policy:
    """The policy of a TOML file's text."""
    table = tomllib.loads(text)
    return msgspec.convert({**table, "sha256": hashlib.sha256(text.encode()).hexdigest()}, Policy)
