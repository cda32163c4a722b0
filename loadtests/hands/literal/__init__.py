"""Labelled worlds by a third hand: the tables of the research page line by line, apart from the other generators."""

from __future__ import annotations

from loadtests.hands.literal.world import make_world

__all__ = ["make_world"]
