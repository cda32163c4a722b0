"""The front of the landscape: the field, the grove, and the ground under the motif."""

from __future__ import annotations

import random

from voting.demo.covers.backdrop import rolling
from voting.demo.covers.colours import INK, WOOD, Palette, mix
from voting.demo.covers.marks import HEIGHT, WIDTH, at, line, path

HORIZON = 262  # where the hills end and the field begins
GROUND = 328  # the line the motif stands on


def field(rng: random.Random, p: Palette) -> str:
    """The worked field in front of the hills, of one of three kinds."""
    return rng.choice((_furrows, _terraces, _paddies))(rng, p)


def _furrows(rng: random.Random, p: Palette) -> str:
    """Planted rows that run away to one point beyond the horizon."""
    vanish = rng.randint(180, 460)
    tops = range(vanish % 34 - 34, WIDTH + 34, 34)
    rows = "".join(f"M{x} 273L{vanish + (x - vanish) * 5 // 2} {HEIGHT}h36z" for x in tops)
    return path(rolling(rng, HORIZON, 5), p.field) + path(rows, p.crop)


def _terraces(rng: random.Random, p: Palette) -> str:
    """Four steps down the slope, each with a light rim."""
    rim = mix(p.field, p.glow, 0.4)
    steps = (
        f'<path d="{rolling(rng, HORIZON + 3 + n * 24, 9)}" fill="{mix(p.field, p.crop, n / 3)}"/>' for n in range(4)
    )
    return f'<g stroke="{rim}" stroke-width="3">{"".join(steps)}</g>'


def _paddies(rng: random.Random, p: Palette) -> str:
    """Flooded plots that mirror the sky, with banks between them."""
    plots, vanish = "", rng.randint(220, 420)
    for top, bottom in ((277, 291), (296, 318), (324, 372)):
        near, far = (bottom - 215) / 100, (top - 215) / 100
        for n in range(-7, 8):
            left, right = n * 150 + 8, n * 150 + 142
            xs = [vanish + x * k for x, k in ((left, far), (right, far), (right, near), (left, near))]
            if -160 < xs[3] < WIDTH and rng.random() < 0.72:
                plots += f"M{xs[0]:.0f} {top}H{xs[1]:.0f}L{xs[2]:.0f} {bottom}H{xs[3]:.0f}z"
    return path(rolling(rng, HORIZON, 5), p.crop) + path(plots, mix(p.glow, p.sky, 0.45), 0.8)


def trees(rng: random.Random, p: Palette, side: int) -> str:
    """A little grove on the free side, of firs or of round crowns."""
    firs, trunks, crowns = rng.random() < 0.5, "", ""
    middle = WIDTH / 2 + side * rng.randint(190, 270)
    for _ in range(rng.randint(3, 4)):
        x, y, h = round(middle) + rng.randint(-55, 55), rng.randint(268, 290), rng.randint(26, 44)
        w = h * 3 // 10
        trunks += f"M{x} {y}v-{h // 2}"
        if firs:
            crowns += f"M{x} {y - h - 8}l{w} {h * 6 // 10}h-{2 * w}z"
            crowns += f"M{x} {y - h + 6}l{w + 3} {h * 7 // 10}h-{2 * w + 6}z"
        else:
            crowns += f"M{x - w} {y - h // 2}a{w} {w + 4} 0 1 1 {2 * w} 0 {w} {w - 2} 0 0 1-{2 * w} 0z"
    return line(trunks, WOOD, 3) + path(crowns, mix(p.near, INK, 0.25))


def stand(body: str, x: float, scale: float, side: int) -> str:
    """The motif with its feet on the ground at `x` and a soft shadow under it."""
    shadow = f'<ellipse cy="2" rx="104" ry="9" fill="{INK}" opacity=".2"/>'
    return at(x, GROUND, scale, shadow + body, side)
