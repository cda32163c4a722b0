"""Parts shared by the motifs."""

from __future__ import annotations

from voting.demo.covers.colours import CREAM, INK, LEAF, SKIN, STRAW, WHITE, WOOD, Palette, mix
from voting.demo.covers.marks import at, circle, move, path, rect


def sprout(x: float, y: float, scale: float, leaf: str = LEAF) -> str:
    return sprouts((x,), y, scale, leaf)


def sprouts(xs: tuple[float, ...], y: float, scale: float, leaf: str = LEAF) -> str:
    """Two-leaved seedlings with their feet at each of `xs`, 100 high at scale 1."""
    shape = "v-46c-6-34-38-44-58-38 4 28 28 46 58 38v-12c4-36 40-48 62-40-4 30-32 48-62 40"
    d = "".join(f"M{(x - xs[0]) / scale:.0f} 0{shape}" for x in xs)
    style = f'fill="{leaf}" stroke="{leaf}" stroke-width="6"'
    return f'<path transform="{move(xs[0], y, scale)}" d="{d}" {style}/>'


def house(x: float, y: float, scale: float, p: Palette) -> str:
    """A farmhouse with a swept roof and a lit window, about 100 wide at scale 1."""
    body = (
        rect(-42, -48, 84, 48, CREAM)
        + rect(-42, -50, 84, 12, INK, 0, 0.15)
        + path("M-62-42Q-40-54-30-84H30Q40-54 62-42Z", p.main)
        + rect(-8, -30, 18, 30, WOOD)
        + path("M-32-30h16v14h-16zM18-30h16v14H18z", p.pop)
    )
    return at(x, y, scale, body)


def fruit(x: float, y: float, r: float, fill: str) -> str:
    return circle(x, y, r, fill) + path(f"M{x:g} {y - r + 2:g}q2-11 13-11 0 10-13 11z", LEAF)


def farmer(x: float, y: float, scale: float, coat: str) -> str:
    """A neighbour in a straw hat, from the chest up, about 90 wide and 146 high at scale 1."""
    body = (
        path("M-40 0V-56Q-40-94 0-94T40-56V0Z", coat)
        + circle(0, -110, 23, SKIN)
        + path("M-46-116Q0-130 46-116 24-106 0-106T-46-116Z", STRAW)
        + path("M-24-119Q-20-146 0-146T24-119Q0-127-24-119Z", "#f3d98f")
    )
    return at(x, y, scale, body)


def leaf_colour(p: Palette) -> str:
    """A leaf colour that stands out from a green field: darker than it by day."""
    return LEAF if p.night else mix(LEAF, p.main, 0.7)


def dark_colour(p: Palette) -> str:
    """The colour of thin dark parts; by night a pale one, lest they vanish."""
    return mix(p.glow, WHITE, 0.3) if p.night else INK


def wheels(*xs: float) -> str:
    return "".join(circle(x, -14, 15, INK) + circle(x, -14, 6, CREAM) for x in xs)


def truck_body(p: Palette) -> str:
    """The lorry without fruit, 230 wide and 100 high."""
    return (
        rect(-112, -104, 136, 84, CREAM, 8)
        + rect(-112, -54, 136, 16, p.main)
        + path("M30-82H66Q76-82 82-72L100-46Q112-42 112-32V-20H30Z", p.main)
        + path("M42-72H64L80-46H42Z", mix(p.sky, WHITE, 0.5))
        + rect(-116, -24, 232, 9, INK, 4)
        + wheels(-72, 74)
        + circle(108, -34, 5, p.pop)
    )
