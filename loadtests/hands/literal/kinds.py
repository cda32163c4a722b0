"""The families by name, and what each is."""

from __future__ import annotations

BACKGROUND = "background"
LOOKALIKES = ("L1", "L2", "L3", "L4", "L5", "L6", "L7", "L8", "L9", "L10")
SCRIPTED = ("A1", "A2", "A3", "A4", "A5", "A9", "A11", "A12", "A14", "A16")
PAID_CROWDS = ("A7", "A8")
SLOW_DRIP = ("A10",)
# Reported, not judged.
UNJUDGED = ("A17",)
# Not on the published list.
UNLISTED_BOTS = ("U1", "U2", "U3")
UNLISTED_HUMANS = ("U4", "U5", "U6")
UNLISTED = (*UNLISTED_BOTS, *UNLISTED_HUMANS)
# Campaigns are drawn in this order: another one would be other worlds.
ATTACKS = (
    "A1",
    "A2",
    "A3",
    "A4",
    "A5",
    "A9",
    *SLOW_DRIP,
    "A11",
    "A12",
    "A14",
    "A16",
    *UNJUDGED,
    *PAID_CROWDS,
    *UNLISTED,
)
# What `scripted` of the labels says.
BY_MACHINE = frozenset((*SCRIPTED, *SLOW_DRIP, *UNJUDGED, *UNLISTED_BOTS))
EVERY = (*LOOKALIKES, *ATTACKS)
