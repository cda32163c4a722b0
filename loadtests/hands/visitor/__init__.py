"""A generator of labelled worlds by another hand: what a fraud lead of a platform for votes has seen."""

from __future__ import annotations

from loadtests.hands.visitor import attacks_listed, attacks_own, crowds_listed, crowds_own
from loadtests.hands.visitor.family import ATTACKS, CROWDS
from loadtests.hands.visitor.worlds import make_world

# These enter their families into the tables.
_MODULES = (attacks_listed, attacks_own, crowds_listed, crowds_own)

__all__ = ["ATTACKS", "CROWDS", "make_world"]
