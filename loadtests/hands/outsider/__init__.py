"""Worlds by an author who does not know the detector: attacks, look-alikes and crowds of his own choice."""

from __future__ import annotations

from loadtests.hands.outsider.making import ATTACKS, CROWDS, make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
