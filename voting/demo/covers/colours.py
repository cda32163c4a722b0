"""Colours as #rrggbb: those that every cover shares, and the palette that sets one cover's light."""

from __future__ import annotations

from dataclasses import dataclass

WHITE, CREAM, INK, LEAF = "#ffffff", "#fff6e3", "#2e3a46", "#57a55a"
WOOD, STRAW, SKIN = "#8a5a3c", "#e3bd68", "#f2c9a1"


@dataclass(frozen=True, slots=True)
class Palette:
    """One light of the day, as #rrggbb colours; the hills run from `far` to `near`."""

    sky: str
    glow: str
    sun: str
    far: str
    near: str
    field: str
    crop: str
    main: str
    pop: str
    night: bool = False


def mix(a: str, b: str, share: float) -> str:
    """The colour `share` (0..1) of the way from `a` to `b`."""
    pairs = ((int(a[i : i + 2], 16), int(b[i : i + 2], 16)) for i in (1, 3, 5))
    return "#" + "".join(f"{round(x + (y - x) * share):02x}" for x, y in pairs)
