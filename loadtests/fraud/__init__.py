"""What a fraud policy does to labelled worlds, in figures beside floors, aims and naive rules."""

from __future__ import annotations

from loadtests.fraud.figures import Figures, evaluate
from loadtests.fraud.verdicts import judged, read_verdicts

__all__ = ["Figures", "evaluate", "judged", "read_verdicts"]
