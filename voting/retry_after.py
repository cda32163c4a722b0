"""The values of Retry-After: every refusal that asks a client to come back takes its seconds from here."""

from __future__ import annotations

import math
import random

# For a refusal without a better estimate: the shortest wait that the header can express.
LEAST_SECONDS = 1


def at_least(seconds: float) -> int:
    """Returns the value for a known wait, such as the time until a limit admits one more call."""
    return max(LEAST_SECONDS, math.ceil(seconds))


def spread(earliest: float, latest: float) -> int:
    """Returns a random wait between both, from a second on: clients refused together come back at different times."""
    return LEAST_SECONDS + int(earliest + random.random() * (latest - earliest))  # noqa: S311 (not a secret)
