"""The back of the landscape: sky, far range and hills."""

from __future__ import annotations

import random

from voting.demo.covers.colours import INK, WHITE, Palette, mix
from voting.demo.covers.marks import HEIGHT, WIDTH, circle, line, path, rect


def sky(rng: random.Random, p: Palette, name: str, side: int) -> str:
    """The gradient, the sun or moon on the free `side`, and then clouds and birds by day or stars by night."""
    x, y, r = WIDTH / 2 + side * rng.randint(110, 220), rng.randint(70, 130), rng.randint(28, 40)
    gradient = (
        f'<linearGradient id="{name}" x2="0" y2="1"><stop stop-color="{p.sky}"/>'
        f'<stop offset=".75" stop-color="{p.glow}"/></linearGradient>'
    )
    light = circle(x, y, r * 2.1, p.sun, 0.16) + circle(x, y, r * 1.5, p.sun, 0.25) + circle(x, y, r, p.sun)
    if p.night:
        stars = "".join(f"M{rng.randrange(WIDTH)} {rng.randrange(8, 150)}h.1" for _ in range(18))
        weather = line(stars, WHITE, 2.2, 0.7)
    else:
        # Two flat clouds, and a small flock on some days.
        shape = "q2-15 18-14 6-19 27-13 20-8 24 10 19-2 22 17z"
        clouds = "".join(f"M{rng.randint(20, 560)} {y + rng.randint(-14, 14)}{shape}" for y in (55, 105))
        x, y = rng.randint(200, 420), rng.randint(35, 90)
        birds = "".join(f"M{x + dx} {y + dy}q6-7 10 0 4-7 10 0" for dx, dy in ((0, 0), (30, 10), (24, -12)))
        weather = path(clouds, WHITE, 0.6) + (line(birds, INK, 1.8, 0.45) if rng.random() < 0.6 else "")
    return gradient + rect(0, 0, WIDTH, HEIGHT, f"url(#{name})") + light + weather


def hills(rng: random.Random, p: Palette) -> str:
    """A far range of one of three characters, then two rolling hills, each nearer the `near` colour."""
    far = rng.choice((_peaks, _karst, _range))(rng, p)
    ridges = ((212, 26, 0.5), (244, 18, 0.95))
    return far + "".join(path(rolling(rng, base, swing), mix(p.far, p.near, t)) for base, swing, t in ridges)


def rolling(rng: random.Random, base: int, swing: int) -> str:
    """A smooth skyline about `base`, closed along the bottom edge."""
    ys = [base + rng.randint(-swing, swing) for _ in range(5)]
    curve = "".join(f"S{x - 65} {y} {x} {y}" for x, y in zip(range(160, 641, 160), ys[1:], strict=True))
    return f"M0 {HEIGHT}V{ys[0]}{curve}V{HEIGHT}z"


def _range(rng: random.Random, p: Palette) -> str:
    return path(rolling(rng, 150, 34), mix(p.far, p.glow, 0.45)) + path(rolling(rng, 182, 28), p.far)


def _peaks(rng: random.Random, p: Palette) -> str:
    """Snow mountains: a body, its shaded flank and its cap."""
    body = shade = snow = ""
    for x in (60, 230, 400, 570):
        x, h = x + rng.randint(-45, 45), rng.randint(80, 150)
        w = round(h * 1.25)
        body += f"M{x - w} 240l{w}-{h} {w} {h}z"
        shade += f"M{x} {240 - h}l{w} {h}h-{w}l-14-{h * 6 // 10}z"
        a, b, c = h * 31 // 100, h // 4, h // 8
        snow += f"M{x} {240 - h}l{a} {b}-{c}-3-{c} {c}-{c}-{c}-{c + c // 2} 3z"
    return path(body, p.far) + path(shade, p.near, 0.22) + path(snow, WHITE, 0.3 if p.night else 0.75)


def _karst(rng: random.Random, p: Palette) -> str:
    """Two rows of steep, round-headed hills, the farther one fainter."""
    rows = ""
    for tint, low, high in ((0.5, 90, 135), (0.0, 50, 95)):
        humps = ""
        for x in range(rng.randint(-70, -10), WIDTH, 120):
            w, h = rng.randint(85, 145), rng.randint(low, high)
            humps += f"M{x} 240c{w // 5} 0 {w // 4}-{h} {w // 2}-{h}s{w // 4} {h} {w // 2} {h}z"
        rows += path(humps, mix(p.far, p.glow, tint))
    return rows
