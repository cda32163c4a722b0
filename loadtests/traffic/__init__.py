"""Labelled worlds of public votes: honest crowds and attacks, for measuring what a fraud policy does.

`make_world(seed)` answers columns; `python -m loadtests.traffic write` writes files of the backtest's format.
"""

from __future__ import annotations

from loadtests.traffic.families import ATTACKS, EVERY
from loadtests.traffic.world import World, make_world

__all__ = ["ATTACKS", "EVERY", "World", "make_world"]
