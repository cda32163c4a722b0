"""先进帮扶模式: many joined into one."""

from __future__ import annotations

from voting.demo.covers.colours import CREAM, LEAF, SKIN, WHITE, WOOD, Palette, mix
from voting.demo.covers.marks import at, circle, line, path, ring
from voting.demo.covers.parts import farmer, house, sprout


def _village(p: Palette) -> str:
    """Three houses joined by arcs."""
    nodes = "M-100-96h.1M0-136h.1M100-96h.1"
    return (
        line("M-100-96Q0-270 100-96M-100-96Q-64-150 0-136 64-150 100-96", CREAM, 4, 0.95, "1 9")
        + line("M-100-62V-86M0-88V-126M100-62V-86", CREAM, 3)
        + house(-100, 0, 0.78, p)
        + house(100, 0, 0.78, p)
        + house(0, 2, 1.12, p)
        + line(nodes, p.pop, 19)
        + line(nodes, WHITE, 8)
    )


def _network(p: Palette) -> str:
    """A ring of fields, homes and people about one leaf."""
    ends = ((0, -84), (73, -42), (73, 42), (0, 84), (-73, 42), (-73, -42))
    spokes = "".join(f"M0 0 {x} {y}" for x, y in ends)
    nodes = "".join(
        ring(x, y, 16, colour, CREAM, 5) for (x, y), colour in zip(ends, (p.pop, p.main, LEAF) * 2, strict=True)
    )
    rim = "M" + "L".join(f"{x} {y}" for x, y in ends) + "z"
    wheel = line(rim, CREAM, 4, 0.8) + line(spokes, CREAM, 4) + nodes + circle(0, 0, 36, CREAM)
    return at(0, -112, 1, wheel) + sprout(0, -84, 0.56)


def _people(p: Palette) -> str:
    """Three neighbours behind one seedling."""
    return (
        farmer(-62, 0, 0.92, mix(p.main, WHITE, 0.25))
        + farmer(62, 0, 0.92, p.pop)
        + farmer(0, 0, 1.12, p.main)
        + path("M-62 6Q-56-26 0-26T62 6Z", WOOD)
        + sprout(0, -22, 0.62, "#7cc36a")
    )


def _hands(p: Palette) -> str:
    """Two cupped hands that hold soil and a seedling."""
    palm = path("M-8-6C-40-4-66-22-78-58-84-76-66-82-58-68L-44-46C-30-50-12-46-4-34Z", SKIN)
    cuff = path("M-46 2-92-40-112-22-66 16Z", p.main) + path("M-40-4-86-46-94-38-48 4Z", CREAM)
    half = cuff + palm + path("M-44-46C-30-50-12-46-4-34L-8-22C-22-34-34-38-44-46Z", "#e0ac80")
    return (
        circle(0, -104, 84, p.sun, 0.35)
        + sprout(0, -62, 1.1)
        + path("M-44-52Q-30-76 0-76T44-52L20-26H-20Z", WOOD)
        + half
        + at(0, 0, 1, half, -1)
    )


MOTIFS = (_village, _network, _people, _hands)
