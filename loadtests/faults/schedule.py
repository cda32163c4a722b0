"""Which faults are made, when and for how long: all from a seed, so that a failed run can be repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

# Long pauses show what must be equal within five seconds; short ones let faults overlap.
CALM_SECONDS = (7.0, 9.0)
HASTE_SECONDS = (0.3, 2.0)
LENGTHS = (0.2, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned fault: after `pause` seconds, for `seconds`; `seed` decides the rest."""

    pause: float
    kind: str
    seconds: float
    seed: int


def planned(seed: int, kinds: Sequence[str], length: float = 0.0) -> Iterator[Planned]:
    """Endless faults, each for `length` seconds if given. Every kind comes before one is repeated; on average every
    second pause is long."""
    random = Random(seed)
    while True:
        for kind in random.sample(list(kinds), len(kinds)):
            pause = random.uniform(*random.choice((CALM_SECONDS, HASTE_SECONDS)))
            yield Planned(pause, kind, length or random.choice(LENGTHS), random.randrange(1 << 30))
