"""突破产业瓶颈: what was in the way gives way."""

from __future__ import annotations

from voting.demo.covers.colours import CREAM, INK, WHITE, Palette, mix
from voting.demo.covers.marks import at, circle, line, path, rect
from voting.demo.covers.parts import sprout, truck_body

_TEETH = f'stroke-linecap="butt" stroke-dasharray="{3.1416 * 70 / 12:.2f}"'  # twelve, on a circle of radius 70


def _gear(p: Palette) -> str:
    """A gear rising like a sun out of a split rock."""
    teeth = f'<circle cy="-112" r="70" fill="none" stroke="{p.pop}" stroke-width="22" {_TEETH}/>'
    return (
        teeth
        + circle(0, -112, 62, p.pop)
        + circle(0, -112, 42, CREAM)
        + sprout(0, -84, 0.62)
        + path("M-34 0V-56L0-30 34-56V0Z", INK)
        + path("M-110 0-96-52-58-78-22-66-30-40-4-22-10 0Z", mix(p.main, INK, 0.15))
        + path("M-96-52-58-78-22-66-52-44Z", WHITE, 0.25)
        + path("M110 0 100-44 66-70 26-58 12-40 18-20 2 0Z", mix(p.main, INK, 0.3))
        + path("M100-44 66-70 26-58 60-38Z", WHITE, 0.2)
    )


def _bridge(p: Palette) -> str:
    """A bridge over the gorge, and the first lorry across."""
    hangers = "".join(f"M{x}-70V{-70 - 92 * (1 - (x / 120) ** 2):.0f}" for x in range(-96, 97, 24))
    return (
        path("M-150 34-150-64-96-64-60 34ZM150 34 150-64 96-64 60 34Z", mix(p.main, INK, 0.35))
        + path("M-76 34-58-6Q0 8 58-6L76 34Z", mix(p.sky, WHITE, 0.35))
        + line("M-30 14h34M-8 24h40", WHITE, 3, 0.7)
        + line(hangers, CREAM, 3)
        + line("M-120-66Q0-250 120-66", p.pop, 11)
        + rect(-156, -74, 312, 14, CREAM)
        + rect(-156, -62, 312, 6, INK, 0, 0.35)
        + at(-12, -72, 0.48, truck_body(p))
    )


def _breakthrough(p: Palette) -> str:
    """A seedling that has cracked the stone."""
    return (
        line("M0-176v-22M-66-158-80-176M66-158 80-176M-96-112-118-118M96-112 118-118", p.pop, 6)
        + sprout(0, -54, 1.15)
        + path("M-96 0-104-34-70-76-14-88 6-58-10-36 2 0Z", mix(p.main, INK, 0.1))
        + path("M-104-34-70-76-14-88-36-48Z", WHITE, 0.25)
        + path("M102 0 106-30 78-70 26-86 14-56 22-32 8 0Z", mix(p.main, INK, 0.3))
        + path("M106-30 78-70 26-86 50-44Z", WHITE, 0.18)
        + path("M-122 0l8-16 16 2 6 14zM112 0l6-12 14 4 2 8z", mix(p.main, INK, 0.2))
    )


def _tunnel(p: Palette) -> str:
    """A road that comes out through the mountain."""
    stone = mix(p.main, INK, 0.12)
    return (
        path("M-156 4-128-58-98-76-62-150-34-176-6-130 22-142 64-86 96-72 150 4Z", stone)
        + path("M-34-176-6-130 22-142 64-86 96-72 150 4H36L10-74-22-104Z", INK, 0.25)
        + path("M-62-150-34-176-22-104-48-118ZM-128-58-98-76-78-34-108-30Z", WHITE, 0.2)
        + path("M-40 4V-38a40 40 0 0 1 80 0V4Z", CREAM)
        + path("M-32 4V-37a32 32 0 0 1 64 0V4Z", INK)
        + path("M-15 4V-21a15 15 0 0 1 30 0V4Z", p.pop)
        + path("M-28 4H28C36 18 66 26 98 36H-44C-18 26-26 16-28 4Z", mix(INK, WHITE, 0.22))
        + line("M0 6C2 20 14 28 30 34", CREAM, 4, 1, "6 9")
        + sprout(-92, 6, 0.4)
        + sprout(-68, 8, 0.28)
    )


MOTIFS = (_gear, _bridge, _breakthrough, _tunnel)
