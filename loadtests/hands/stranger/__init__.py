"""Worlds by a stranger: labelled contests written from the research page alone, blind to the detector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from loadtests.hands.stranger.assembly import assembled
from loadtests.hands.stranger.plan import ATTACKS, CROWDS, campaigns, crowds
from loadtests.hands.stranger.public import background
from loadtests.hands.stranger.rows import Batch
from loadtests.hands.stranger.scene import draw_scene
from loadtests.traffic.world import World

__all__ = ["ATTACKS", "CROWDS", "make_world"]


def make_world(
    seed: int,
    ballots: int = 200_000,
    fraud: float = 0.22,
    *,
    small: bool = False,
    families: Sequence[str] | None = None,
) -> World:
    """A contest of so many ballots, a share of them by attacks, all of them `small` or of some families on demand."""
    scene = draw_scene(np.random.default_rng([seed, 1]), ballots)
    attacks = campaigns(scene, seed, round(ballots * fraud), small, families)
    honest = ballots - sum(len(each.rows) for each in attacks)
    groups = crowds(scene, seed, honest)
    rest = honest - sum(len(each.rows) for each in groups)
    public = background(scene, np.random.default_rng([seed, 4]), max(rest, 1))
    batches = [Batch("background", "background", False, False, public), *groups, *attacks]
    events, labels = assembled(scene, np.random.default_rng([seed, 5]), batches)
    window = scene.window
    return World(events, labels, scene.entries, window.opens, window.closes, "day")
