"""为乡村“带货”: the harvest on its way."""

from __future__ import annotations

from voting.demo.covers.colours import CREAM, INK, LEAF, STRAW, WHITE, WOOD, Palette, mix
from voting.demo.covers.marks import at, circle, line, path, rect
from voting.demo.covers.parts import farmer, fruit, sprout, truck_body


def _basket(p: Palette) -> str:
    fruits = ((-52, -82, p.main), (52, -82, p.main), (-18, -86, p.pop), (20, -88, "#9cc25a"), (0, -112, p.main))
    return (
        line("M-82-74Q0-222 82-74", mix(WOOD, STRAW, 0.35), 9)
        + "".join(fruit(x, y, 26, colour) for x, y, colour in fruits)
        + path("M-96-72H96L74-6Q72 0 64 0H-64Q-72 0-74-6Z", "#d6a35c")
        + line("M-88-50H88M-82-30H82", WOOD, 4, 0.7, "16 10")
        + line("M-74-12H74", WOOD, 4, 0.7, "10 12")
        + rect(-102, -80, 204, 14, WOOD, 7)
    )


def _truck(p: Palette) -> str:
    load = "".join(fruit(x, -116, 18, c) for x, c in ((-92, p.pop), (-60, p.main), (-28, "#9cc25a"), (4, p.pop)))
    return load + truck_body(p) + sprout(-44, -58, 0.38) + line("M-134-70h-26M-134-48h-40M-134-26h-22", WHITE, 5, 0.7)


def _livestream(p: Palette) -> str:
    """A telephone that shows the harvest, hearts rising from it."""
    heart = "c-12-10-20-17-20-27 0-13 16-15 20-4 4-11 20-9 20 4 0 10-8 17-20 27z"
    return (
        rect(-56, -196, 112, 196, INK, 16)
        + rect(-48, -184, 96, 168, mix(p.glow, WHITE, 0.4), 8)
        + farmer(0, -52, 0.8, LEAF)
        + path("M-48-60Q-10-74 48-56V-24q0 8-8 8H-40q-8 0-8-8z", STRAW)
        + fruit(-22, -58, 20, p.main)
        + fruit(20, -52, 18, p.pop)
        + rect(-40, -176, 34, 12, p.main, 6)
        + circle(-32, -170, 3, WHITE)
        + path(f"M80-120{heart}", p.main)
        + at(74, -164, 0.7, path(f"M0 0{heart}", p.pop))
        + at(98, -188, 0.5, path(f"M0 0{heart}", p.main))
        + fruit(-82, -22, 22, p.pop)
        + fruit(82, -20, 20, p.main)
    )


def _stall(p: Palette) -> str:
    """A market stall under a striped awning."""
    stripes = "".join(
        path(f"M{x}-150h34v32a17 17 0 0 1-34 0z", colour)
        for x, colour in zip(range(-119, 119, 34), (CREAM, p.main) * 4, strict=False)
    )
    heaps = ((-72, p.main), (-40, p.main), (-4, p.pop), (28, p.pop), (62, "#9cc25a"))
    return (
        line("M-100 0V-130M100 0V-130", WOOD, 8)
        + path("M-100-182H100L119-148H-119Z", mix(p.main, INK, 0.2))
        + stripes
        + "".join(fruit(x + 4, -70, 19, colour) for x, colour in heaps)
        + rect(-108, -64, 216, 16, "#d6a35c", 4)
        + rect(-98, -48, 196, 48, WOOD)
        + line("M-98-24H98M-34-48V0M34-48V0", INK, 2, 0.3)
    )


MOTIFS = (_basket, _truck, _livestream, _stall)
