"""Cover pictures for the demo contest, drawn from the entry's code so that no image files need be kept or licensed.

Every cover is one small SVG (640 x 360 user units, y downwards): a sky with a sun or moon, a far range, two hills, a
worked field, and in front a motif that tells the category. The category chooses the palettes and the motifs; the code
seeds everything else, so the same entry always gets the same picture and no two entries look alike.
"""

from __future__ import annotations

import random

from voting.demo.covers.backdrop import hills, sky
from voting.demo.covers.families import FALLBACK, FAMILIES
from voting.demo.covers.foreground import field, stand, trees
from voting.demo.covers.marks import HEIGHT, WIDTH

__all__ = ["draw"]

EDITION = 2462  # part of every seed; this one spreads lights and motifs evenly over the roster


def draw(code: str, category: str) -> str:
    """The cover of entry `code`: a complete SVG document of less than 4 KB, the same on every call."""
    rng = random.Random(f"{category} {code} {EDITION}")  # noqa: S311 - draws pictures, guards nothing
    palettes, motifs = FAMILIES.get(category, FALLBACK)
    palette, motif, side = rng.choice(palettes), rng.choice(motifs), rng.choice((-1, 1))
    layers = (
        sky(rng, palette, "s" + "".join(filter(str.isalnum, code)), -side),
        hills(rng, palette),
        field(rng, palette),
        trees(rng, palette, -side),
        stand(motif(palette), WIDTH / 2 + side * rng.randint(70, 125), rng.uniform(0.98, 1.12), side),
    )
    root = f'xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" stroke-linecap="round"'
    return f"<svg {root}>{''.join(layers)}</svg>"
