"""Labelled worlds of public votes by another hand than `loadtests.traffic`, so that one can check the other."""

from __future__ import annotations

from loadtests.hands.foreign.world import make_world

__all__ = ["make_world"]
