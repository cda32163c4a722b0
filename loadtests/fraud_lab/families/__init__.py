"""Families of attacks (A: of the research page, X: our own), and honest crowds that look like them (L)."""

from __future__ import annotations

from loadtests.fraud_lab.families.bots import BOTS
from loadtests.fraud_lab.families.crowds import LISTED_CROWDS
from loadtests.fraud_lab.families.own_bots import OWN_BOTS
from loadtests.fraud_lab.families.own_crowds import OWN_CROWDS
from loadtests.fraud_lab.families.paid_people import LISTED_PAID, OWN_PAID

ATTACKS = BOTS | LISTED_PAID | OWN_BOTS | OWN_PAID
LOOKALIKES = LISTED_CROWDS | OWN_CROWDS

EVERY = tuple(sorted(ATTACKS))
SLOW_DRIP = ("A10",)
# Single ballots of these cannot be told from genuine ones: reported, not judged.
UNJUDGED = ("A17",)
FRAMING = ("A11",)
