"""What a family of attacks or of look-alikes is: who makes one instance of it, how large, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.fraud_lab.simulator.batch import Batch
from loadtests.fraud_lab.simulator.scene import Scene

Make = Callable[[Scene, int], Batch]


@dataclass(frozen=True, slots=True)
class Family:
    """`make(scene, ballots)` answers one instance of about so many ballots; `sizes`: least and most ballots of one."""

    make: Make
    sizes: tuple[int, int]
    instances: tuple[int, int] = (1, 4)
    scripted: bool = False
