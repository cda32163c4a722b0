"""Worlds whose groups have traits drawn at random: a family is a table of limits on them."""

from __future__ import annotations

from loadtests.fraud_lab.profiles.composer.catalogue import ATTACKS, CROWDS
from loadtests.fraud_lab.profiles.composer.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
