"""Worlds of the acceptance test of the fraud detector, made independently of the generators used to develop it."""

from __future__ import annotations

from loadtests.fraud_lab.profiles.assessor.attacks import ATTACKS
from loadtests.fraud_lab.profiles.assessor.crowds import CROWDS
from loadtests.fraud_lab.profiles.assessor.making import make_world

__all__ = ["ATTACKS", "CROWDS", "make_world"]
