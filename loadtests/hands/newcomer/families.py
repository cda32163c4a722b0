"""All families of attacks and of honest crowds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from loadtests.hands.newcomer import disguised, farms, inventions, lookalikes, moments, organised, places, sellers
from loadtests.hands.newcomer.ballots import Ballots
from loadtests.hands.newcomer.scene import Scene


@dataclass(frozen=True, slots=True)
class Family:
    """What makes about so many ballots of one instance, how many it usually has and at least, and if programs vote."""

    make: Callable[[Scene, int], Ballots]
    low: int
    high: int
    least: int
    scripted: bool = False


ATTACKS = {
    "A1": Family(sellers.one_host, 800, 4000, 60, True),
    "A2": Family(sellers.datacentre, 1200, 4000, 60, True),
    "A3": Family(sellers.residential, 1200, 4000, 60, True),
    "A4": Family(sellers.dialling, 1200, 4000, 60, True),
    "A5": Family(farms.phone_farm, 900, 3500, 60, True),
    "A7": Family(organised.click_farm, 2000, 5500, 100),
    "A8": Family(organised.groups, 2000, 5500, 100),
    "A9": Family(sellers.blitz, 2000, 7000, 60, True),
    "A10": Family(disguised.drip, 2500, 6000, 60, True),
    "A11": Family(sellers.framing, 1000, 3000, 60, True),
    "A12": Family(disguised.embedded, 800, 3000, 60, True),
    "A14": Family(sellers.waves, 150, 1200, 120, True),
    "A16": Family(sellers.limit_hugger, 1000, 3000, 60, True),
    "A17": Family(disguised.mimic, 1500, 4000, 60, True),
    "Y1": Family(inventions.hang_up_app, 1000, 3000, 60, True),
    "Y2": Family(inventions.gift_stand, 500, 2500, 60),
    "Y3": Family(inventions.fingerprint_studio, 800, 2500, 60),
    "Y4": Family(inventions.harvested_tickets, 500, 2000, 60, True),
    "Y5": Family(inventions.nursery, 1000, 3000, 60, True),
}
CROWDS = {
    "L1": Family(places.office, 60, 900, 40),
    "L2": Family(places.school, 200, 1800, 80),
    "L3": Family(places.cgnat, 600, 2500, 100),
    "L4": Family(moments.group, 80, 500, 40),
    "L5": Family(places.employer, 1500, 12_000, 200),
    "L6": Family(moments.stream, 3000, 12_000, 200),
    "L7": Family(moments.deadline, 1500, 6000, 150),
    "L8": Family(places.kiosk, 300, 1800, 60),
    "L9": Family(places.private, 600, 2500, 80),
    "L10": Family(places.town, 700, 3000, 100),
    "K1": Family(lookalikes.television, 1500, 5000, 150),
    "K2": Family(lookalikes.fans, 1500, 7000, 150),
    "K3": Family(lookalikes.abroad, 250, 1200, 60),
}
