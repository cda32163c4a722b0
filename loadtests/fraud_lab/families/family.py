"""A family of attacks or crowds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.fraud_lab.simulator.batch import Batch
from loadtests.fraud_lab.simulator.scene import Scene

Make = Callable[[Scene, int], Batch]


@dataclass(frozen=True, slots=True)
class Family:
    """`make(scene, ballots)` makes one instance of about this many ballots; `sizes` are its least and most ballots."""

    make: Make
    sizes: tuple[int, int]
    instances: tuple[int, int] = (1, 4)
    scripted: bool = False
