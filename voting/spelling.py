"""Finds the known name that a misspelt one probably meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

from voting.errors import say

# As in difflib: 0 accepts any name, 1 only the name itself.
ALIKE = 0.6


def nearest(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """Returns the known name most similar to this one; "" if none is similar enough."""
    return next(iter(get_close_matches(name, list(known), 1, alike)), "")


def did_you_mean(name: str, known: Iterable[str], show: Callable[[str], str] = repr, alike: float = ALIKE) -> str:
    """Returns the question that ends a message about an unknown name; "" if no known name is near."""
    near = nearest(name, known, alike)
    return say("did you mean {}?", show(near)) if near else ""
