"""Worlds composed of traits drawn anew for each group: nothing about a family is fixed but what its table limits."""

from __future__ import annotations

from loadtests.hands.composer.catalogue import ATTACKS, CROWDS
from loadtests.hands.composer.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
