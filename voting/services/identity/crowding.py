"""Makes new web voters dearer where many come from one place at once: an address, a network, or one kind of client.

Counted in Redis over all processes, in windows of ten minutes. Never for the whole contest: a rush of voters everywhere
leaves the price as it is. Without Redis nothing is counted.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from voting.errors import TryAgain
from voting.fraud.facts.observe import places
from voting.redis import keys
from voting.redis.values import Values
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring

WINDOW_SECONDS = 600
# From how many challenges in a window on each next price is due. A household or a small office pays the first one; of a
# school that votes in one lesson the later ones pay more.
ADDRESS_STEPS = (30, 120)
PREFIX_STEPS = (100, 400)
AGENT_STEPS = (300, 1200)
# A client that everybody uses is no sign of a script: less than this share of all is never dearer.
AGENT_SHARE = 0.2


class Crowding:
    """Counts challenges of each contest."""

    def __init__(self, keyring: Keyring, values: Values) -> None:
        self._keyring = keyring
        self._values = values

    async def effort(self, snapshot: ContestSnapshot, address: str | None, agent: str | None) -> int:
        """Counts one more challenge; returns its place in the prices of the proof of work."""
        holder, prefix = places(address) if address else (None, None)
        cells = [holder or "", prefix or "", f"agent {agent}", "all"]
        names = [self._name(snapshot, cell, snapshot.now()) for cell in cells]
        with suppress(TryAgain):
            of_holder, of_prefix, of_agent, every = await self._values.count(names, WINDOW_SECONDS)
            unusual = of_agent if of_agent > AGENT_SHARE * every else 0
            steps = (_step(of_holder, ADDRESS_STEPS), _step(of_prefix, PREFIX_STEPS)) if holder else (0,)
            return max(*steps, _step(unusual, AGENT_STEPS))
        return 0

    def _name(self, snapshot: ContestSnapshot, cell: str, now: datetime) -> str:
        window = int(now.timestamp()) // WINDOW_SECONDS
        hashed = self._keyring.hashed(snapshot.contest.id, snapshot.hash_key, "crowding", cell)
        return keys.new_voters(snapshot.uid, window, hashed)


def _step(count: int, steps: tuple[int, ...]) -> int:
    return sum(count > step for step in steps)
