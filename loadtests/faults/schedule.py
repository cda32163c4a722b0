"""Which faults are made, when and for how long: all of it from a seed, so that a run that fails can be run again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

# Long enough for what must be equal within five seconds to be looked at, and short enough for faults to meet.
CALM_SECONDS = (7.0, 9.0)
HASTE_SECONDS = (0.3, 2.0)
LENGTHS = (0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault to come: after `pause` seconds, for `seconds`; `seed` decides the rest of it."""

    pause: float
    kind: str
    seconds: float
    seed: int


def planned(seed: int, kinds: Sequence[str], length: float = 0.0) -> Iterator[Planned]:
    """Faults without end, each for `length` seconds where one is given. Every kind comes before one comes again; each
    second pause is a calm one, on average."""
    random = Random(seed)
    while True:
        for kind in random.sample(list(kinds), len(kinds)):
            pause = random.uniform(*random.choice((CALM_SECONDS, HASTE_SECONDS)))
            yield Planned(pause, kind, length or random.choice(LENGTHS), random.randrange(1 << 30))
