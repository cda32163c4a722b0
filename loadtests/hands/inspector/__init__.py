"""Worlds as an auditor of online votes has seen them: honest people taken for cheats, and cheats who look honest."""

from __future__ import annotations

from loadtests.hands.inspector.attacks import ATTACKS
from loadtests.hands.inspector.crowds import CROWDS
from loadtests.hands.inspector.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
