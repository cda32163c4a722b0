"""Worlds by a fifth hand: labelled contests written from the research page alone, blind to the detector and to the
other hands. Nothing is fitted or tuned on them."""

from loadtests.newcomer.families import ATTACKS, CROWDS
from loadtests.newcomer.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
