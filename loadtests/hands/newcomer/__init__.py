"""Worlds by a newcomer: labelled contests written from the research page alone, blind to the detector."""

from loadtests.hands.newcomer.families import ATTACKS, CROWDS
from loadtests.hands.newcomer.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
