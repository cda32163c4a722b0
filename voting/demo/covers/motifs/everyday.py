"""工作生活日常: one day, from dew to lamp."""

from __future__ import annotations

from voting.demo.covers.colours import CREAM, INK, STRAW, WHITE, WOOD, Palette, mix
from voting.demo.covers.marks import at, circle, line, path, rect, ring
from voting.demo.covers.parts import dark_colour, house, sprout


def _farmhouse(p: Palette) -> str:
    """Home, its smoke, and the day's arc above it."""
    return (
        line("M-112-40A112 150 0 0 1 112-40", p.sun, 3, 0.8, "1 10")
        + "".join(circle(x, y, r, p.pop) for x, y, r in ((-96, -112, 7), (0, -190, 11), (96, -112, 7)))
        + line("M40-124q-14-14 0-26t2-26", WHITE, 9, 0.65)
        + rect(32, -122, 16, 36, WOOD)
        + house(0, 0, 1.5, p)
        + line("M-112 0v-26M-92 0v-26M-118-16h32M112 0v-26M92 0v-26M118-16h-32", WOOD, 5)
    )


def _camera(p: Palette) -> str:
    """The film camera on its tripod, waiting for the light."""
    return (
        line("M0-96-52 0M0-96 52 0M0-96V-6", WOOD, 8)
        + rect(-16, -104, 32, 16, INK, 4)
        + ring(-26, -176, 22, STRAW, INK, 12)
        + ring(24, -182, 27, STRAW, INK, 12)
        + circle(-26, -176, 8, p.pop)
        + circle(24, -182, 10, p.pop)
        + rect(-56, -160, 102, 60, p.main, 10)
        + path("M44-142 84-158V-100L44-118Z", INK)
        + circle(-10, -130, 20, CREAM)
        + circle(-10, -130, 12, mix(p.sky, WHITE, 0.3))
        + circle(30, -148, 4, "#ff5d52")
        + rect(-48, -120, 16, 8, p.pop, 3)
    )


def _boots(p: Palette) -> str:
    """Rubber boots by the fence, and a straw hat hung on its post."""
    shape, sole = "M-24-96H18V-38Q50-34 52 0H-24Z", rect(-24, -8, 76, 8, INK, 3) + rect(-28, -98, 50, 12, CREAM, 5)
    return (
        line("M70 0V-140M122 0V-92M34-76H136M34-40H136", WOOD, 8)
        + at(-84, 0, 1, path(shape, mix(p.main, INK, 0.22)) + sole)
        + at(-22, 4, 1, path(shape, p.main) + sole)
        + '<g transform="rotate(-9 70 -140)">'
        + path("M-6-132Q8-152 70-152T146-132Q108-116 70-116T-6-132Z", STRAW)
        + path("M30-144Q34-192 70-192T110-144Q70-130 30-144Z", "#f3d98f")
        + path("M30-147Q70-132 110-147L112-137Q70-122 28-137Z", p.pop)
        + "</g>"
        + sprout(100, 2, 0.4)
    )


def _bicycle(p: Palette) -> str:
    """The bicycle to the fields, seedlings in its basket."""
    return (
        ring(-64, -42, 38, "none", dark_colour(p), 6)
        + ring(64, -42, 38, "none", dark_colour(p), 6)
        + line("M-64-42-34-98H40L0-42H-64M0-42-40-112M64-42 36-126Q34-136 22-136", p.main, 7)
        + line("M-54-114H-26", dark_colour(p), 9)
        + circle(0, -42, 9, p.pop)
        + sprout(66, -116, 0.5)
        + sprout(86, -116, 0.4)
        + path("M46-124H106L98-84H54Z", "#d6a35c")
        + line("M50-110H102M54-97H98", WOOD, 3)
        + rect(-98, -100, 44, 6, dark_colour(p), 3)
        + rect(-98, -126, 42, 26, p.pop, 4)
    )


MOTIFS = (_farmhouse, _camera, _boots, _bicycle)
