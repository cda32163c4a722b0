"""推广科技成果: the laboratory meets the field."""

from __future__ import annotations

from voting.demo.covers.colours import CREAM, INK, WHITE, WOOD, Palette
from voting.demo.covers.marks import circle, line, path, rect
from voting.demo.covers.parts import leaf_colour, sprout, sprouts


def _flask(p: Palette) -> str:
    return (
        sprout(0, -70, 1.35)
        + path("M-16-146V-104L-66-24Q-74 0-46 0H46Q74 0 66-24L16-104V-146Z", WHITE, 0.45)
        + path("M-43-60Q-21-70 0-60T43-60L66-24Q74 0 46 0H-46Q-74 0-66-24Z", p.main)
        + rect(-23, -152, 46, 10, CREAM, 5)
        + line("M-24-84-52-38", WHITE, 6, 0.8)
        + circle(-14, -34, 7, WHITE, 0.5)
        + circle(16, -22, 10, WHITE, 0.35)
        + circle(26, -46, 5, p.pop)
    )


def _tubes(p: Palette) -> str:
    tubes = "".join(
        sprout(x, -74, size)
        + rect(x - 16, -112, 32, 104, WHITE, 16, 0.5)
        + path(f"M{x - 16}-66h32v42a16 16 0 0 1-32 0z", fill)
        + rect(x - 20, -116, 40, 8, CREAM, 4)
        for x, size, fill in ((-58, 0.5, p.pop), (0, 0.8, p.main), (58, 1.1, "#b9d46e"))
    )
    bars = rect(-98, -88, 196, 12, WOOD, 4) + rect(-98, -10, 196, 12, WOOD, 4)
    posts = rect(-97, -88, 10, 90, WOOD, 3) + rect(87, -88, 10, 90, WOOD, 3)
    return tubes + bars + posts


def _drone(p: Palette) -> str:
    rotors = "".join(
        f'<ellipse cx="{x}" cy="-176" rx="38" ry="5" fill="{WHITE}" opacity=".75"/>' + rect(x - 4, -176, 8, 22, INK, 3)
        for x in (-74, 74)
    )
    return (
        path("M-34-112-86-26H86L34-112Z", WHITE, 0.22)
        + line("M-24-104-56-44M0-104V-44M24-104 56-44", WHITE, 3, 0.8, "1 9")
        + sprouts((-80, -40, 0, 40, 80), 0, 0.36, leaf_colour(p))
        + line("M-74-156H74", INK, 7)
        + line("M-24-136-34-108H-46M24-136 34-108H46", INK, 5)
        + path("M-44-150Q-40-172 0-172T44-150L34-128H-34Z", p.main)
        + circle(0, -132, 11, p.pop)
        + rotors
    )


def _microscope(p: Palette) -> str:
    return (
        line("M18-128C78-112 78-36 22-16", p.main, 17)
        + rect(-66, -18, 132, 18, INK, 9)
        + rect(-60, -64, 82, 9, INK, 4)
        + path("M-52-66q22-28 52-2-30 10-52 2z", leaf_colour(p))
        + '<g transform="rotate(-24 -6 -130)">'
        + rect(-18, -188, 36, 92, CREAM, 6)
        + rect(-12, -206, 24, 22, INK, 5)
        + rect(-18, -158, 36, 14, p.pop)
        + rect(-10, -98, 20, 20, p.main, 4)
        + "</g>"
        + circle(38, -66, 11, p.pop)
        + sprout(-88, 0, 0.6, leaf_colour(p))
    )


MOTIFS = (_flask, _tubes, _drone, _microscope)
