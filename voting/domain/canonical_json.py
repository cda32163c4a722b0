"""JSON in the one spelling that RFC 8785 gives it, so that its hash can be compared."""

from __future__ import annotations

import json


def canonical(value: object) -> bytes:
    """Returns the JSON of a value that is made of texts, integers, lists and objects with texts as names."""
    return json.dumps(_ordered(value), ensure_ascii=False, separators=(",", ":")).encode()


def _ordered(value: object) -> object:
    if isinstance(value, dict):
        # RFC 8785 orders names by their UTF-16 code units.
        return {name: _ordered(value[name]) for name in sorted(value, key=lambda name: name.encode("utf-16-be"))}
    return [_ordered(each) for each in value] if isinstance(value, list | tuple) else value
