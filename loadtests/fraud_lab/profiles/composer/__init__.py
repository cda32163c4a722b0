"""Worlds composed of traits drawn anew for each group: nothing about a family is fixed but what its table limits."""

from __future__ import annotations

from loadtests.fraud_lab.profiles.composer.catalogue import ATTACKS, CROWDS
from loadtests.fraud_lab.profiles.composer.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
