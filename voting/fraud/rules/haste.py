"""Ballots cast without time to read, where they are too many to be the quickest of a crowd.

The trees compare a reading time with the usual around it, so bots hidden in a crowd shift the usual. This rule compares
a cell with itself. People's reading times have one hump and a tail towards zero: fewer ballots take less than a second
and a half than take up to three. If it is the other way round, by more than chance, the quickest are a separate hump.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voting.fraud.features.column_index import Key, Survey

# Values that a crowd's bots share: its addresses, browsers or days.
_CELLS: tuple[Key, ...] = (("entry", "prefix"), ("entry", "fingerprint"), ("entry", "day"))
_LEAST, _DEVIATIONS = 8, 3.0


def hasty(survey: Survey) -> npt.NDArray[np.bool_]:
    """Returns the quick ballots of each cell with more of them than of the tail."""
    quick, tail = (np.asarray(survey.column(name) > 0, dtype=np.bool_) for name in ("quick", "tail"))
    ballots = np.zeros(survey.size, dtype=np.bool_)
    for by in _CELLS:
        cells = survey.numbering(by)
        fast, slower = (cells.totals(flags.astype(np.float64)) for flags in (quick, tail))
        hump = (fast >= _LEAST) & (fast - slower > _DEVIATIONS * np.sqrt(fast + slower))
        ballots |= quick & np.append(hump, False)[cells.of]
    return ballots
