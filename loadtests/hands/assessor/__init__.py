"""Worlds of the acceptance test of the fraud detector, made independently of the generators used to develop it."""

from __future__ import annotations

from loadtests.hands.assessor.attacks import ATTACKS
from loadtests.hands.assessor.crowds import CROWDS
from loadtests.hands.assessor.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
