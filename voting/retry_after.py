"""The values of Retry-After: every refusal that asks a client to come back takes its seconds from here."""

from __future__ import annotations

import math
import random

# For a refusal that knows no better: the shortest wait that the header can express.
LEAST_SECONDS = 1


def at_least(seconds: float) -> int:
    """For a wait that is known exactly, such as the time until a limit lets one more call through."""
    return max(LEAST_SECONDS, math.ceil(seconds))


def spread(earliest: float, latest: float) -> int:
    """For clients refused at the same moment, which must not come back at the same moment: a random wait between both,
    counted from a second from now."""
    return LEAST_SECONDS + int(earliest + random.random() * (latest - earliest))  # noqa: S311 (not a secret)
