"""Finds the known name that a misspelt one probably meant."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from difflib import get_close_matches

# As in difflib: from 0, which anything reaches, to 1, which only the name itself does.
ALIKE = 0.6


def nearest(name: str, known: Iterable[str], alike: float = ALIKE) -> str:
    """The known name that is most like this one; "" when none is so much alike."""
    return next(iter(get_close_matches(name, list(known), 1, alike)), "")


def did_you_mean(name: str, known: Iterable[str], show: Callable[[str], str] = repr, alike: float = ALIKE) -> str:
    """The question that ends a message about a name that is not known; "" when no known name is near."""
    near = nearest(name, known, alike)
    return f"did you mean {show(near)}?" if near else ""
