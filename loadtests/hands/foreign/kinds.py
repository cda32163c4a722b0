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
UNLISTED_BOTS = ("X21", "X22", "X23", "X24")
UNLISTED_HUMANS = ("X25", "X26", "X27", "X28")
# Scripts and people in one campaign: `scripted` of the labels tells them apart.
UNLISTED_MIXED = ("X29",)
LISTED = (*SCRIPTED, *PAID_CROWDS, *SLOW_DRIP, *UNJUDGED)
UNLISTED = (*UNLISTED_BOTS, *UNLISTED_HUMANS, *UNLISTED_MIXED)
ATTACKS = (*LISTED, *UNLISTED)
EVERY = (*LOOKALIKES, *ATTACKS)
