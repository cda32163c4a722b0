"""Which unconfirmed ballots of a cell stay when all its voters had to confirm: as many as its people are thought to
have cast, and those most like the confirmed ones.

Many people never answer, so an unconfirmed ballot is not an invented one. Of a cell's c confirmed voters, who confirm
at the rate r, about c(1 - r)/r more are people who did not: so many unconfirmed ballots stay, and the entry keeps about
the number of votes that people gave it. Whoever sends votes for a rival to have them voided takes nothing from it.

Which ones stay is decided by resemblance to the ballots that were confirmed in the same cell, in network, client, day,
time of day, and how often the voter is in the cell: people of a crowd share these with those of them who answer, and a
script does not know who will.
Equals are ordered by a keyed lot. Nobody can foresee either, and nobody chooses: the same answers always give the same
ballots.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import NamedTuple

from voting.fraud.sample import RULES, Cell, Rules

# A value that few ballots have says as little of them as this number of ballots like the whole cell.
_PRIOR_BALLOTS = 3.0
# From this number of ballots on, a voter came back often.
_OFTEN = 3


class CellBallot(NamedTuple):
    """A ballot whose voter confirmed, or did not in time. `voter`: a keyed hash; `traits`: the observed network,
    client, day and time of day, in this order, None if unknown."""

    voter: bytes
    confirmed: bool
    traits: tuple[Hashable, ...]


def staying(confirmed: int, rate: float, rules: Rules = RULES) -> int:
    """Returns how many unconfirmed ballots stay.

    `rate`: at which people elsewhere confirm when they are first asked. More confirm when their vote depends on it.
    """
    pressed = rate + rules.pressed * (1 - rate)
    return round(confirmed * (1 - pressed) / pressed)


def surplus(cell: Cell, ballots: Sequence[CellBallot], rate: float, rules: Rules = RULES) -> list[int]:
    """Returns the places of those unconfirmed ballots that do not stay, in the order given."""
    confirmed = sum(ballot.confirmed for ballot in ballots)
    unconfirmed = [place for place, ballot in enumerate(ballots) if not ballot.confirmed]
    scores = _likeness(ballots, confirmed / len(ballots)) if confirmed else [0.0] * len(ballots)

    def order(place: int) -> tuple[float, bytes]:
        return -scores[place], hashlib.sha256(cell.id.encode() + ballots[place].voter).digest()

    return sorted(sorted(unconfirmed, key=order)[staying(confirmed, rate, rules) :])


def _likeness(ballots: Sequence[CellBallot], share: float) -> list[float]:
    """Returns the log odds of each ballot's traits among the confirmed ones, as if traits were independent."""
    scores = [0.0] * len(ballots)
    often = Counter(ballot.voter for ballot in ballots)
    traits = ((*ballot.traits, min(_OFTEN, often[ballot.voter])) for ballot in ballots)
    for column in zip(*traits, strict=True):
        number = Counter(column)
        confirmed = Counter(value for value, ballot in zip(column, ballots, strict=True) if ballot.confirmed)
        logs = {
            value: math.log((confirmed[value] + _PRIOR_BALLOTS * share) / (count + _PRIOR_BALLOTS))
            for value, count in number.items()
        }
        scores = [score + logs[value] for score, value in zip(scores, column, strict=True)]
    return scores
