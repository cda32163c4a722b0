"""Families of attacks (A: of the research page, X: our own), and honest crowds that look like them (L)."""

from __future__ import annotations

from loadtests.fraud_lab.families.bots import BOTS
from loadtests.fraud_lab.families.crowds import LISTED_CROWDS
from loadtests.fraud_lab.families.gatherings import OWN_CROWDS
from loadtests.fraud_lab.families.hirelings import LISTED_HIRELINGS, OWN_HIRELINGS
from loadtests.fraud_lab.families.inventions import OWN_BOTS

ATTACKS = BOTS | LISTED_HIRELINGS | OWN_BOTS | OWN_HIRELINGS
LOOKALIKES = LISTED_CROWDS | OWN_CROWDS

EVERY = tuple(sorted(ATTACKS))
SLOW_DRIP = ("A10",)
# Single ballots of these cannot be told from genuine ones: reported, not judged.
UNJUDGED = ("A17",)
FRAMING = ("A11",)
