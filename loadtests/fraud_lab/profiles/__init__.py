"""Makers of worlds. They share no code for people, networks and clocks, so that a policy cannot learn one maker's
habits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from loadtests.fraud_lab.families import ATTACKS
from loadtests.fraud_lab.profiles import assessor, composer, standard
from loadtests.fraud_lab.simulator.world import World

PROFILES: Mapping[str, Callable[..., World]] = {
    "standard": standard.make_world,
    "composer": composer.make_world,
    "assessor": assessor.make_world,
}
# Profiles that no policy is fitted on, with the families that only they have: they measure how a policy generalises.
HELD_OUT: Mapping[str, Collection[str]] = {
    "assessor": tuple(name for name in assessor.ATTACKS if name not in ATTACKS),
}
