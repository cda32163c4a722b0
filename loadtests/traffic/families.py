"""Which families there are, and which of them a detector's author tunes on."""

from __future__ import annotations

from loadtests.traffic.bots import BOTS
from loadtests.traffic.crowds import LISTED_CROWDS
from loadtests.traffic.gatherings import OWN_CROWDS
from loadtests.traffic.hirelings import LISTED_HIRELINGS, OWN_HIRELINGS
from loadtests.traffic.inventions import OWN_BOTS

ATTACKS = BOTS | LISTED_HIRELINGS | OWN_BOTS | OWN_HIRELINGS
LOOKALIKES = LISTED_CROWDS | OWN_CROWDS
# Voters of no crowd, and ballots for nobody's campaign.
BACKGROUND = "background"

EVERY = tuple(sorted(ATTACKS))
SLOW_DRIP = ("A10",)
# Cannot be told from genuine ballots, one by one: reported, not judged.
UNJUDGED = ("A17",)
FRAMING = ("A11",)
