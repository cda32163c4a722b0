"""Worlds by a fifth hand: labelled contests written from the research page alone, blind to the detector and to the
other hands. No tree is fitted on them; the certification's cut was chosen with a look at eight (seeds 6001 to 6008)."""

from loadtests.hands.newcomer.families import ATTACKS, CROWDS
from loadtests.hands.newcomer.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
