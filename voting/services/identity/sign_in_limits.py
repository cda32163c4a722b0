"""Limits how often one address may ask for challenges, register or sign in."""

from __future__ import annotations

import asyncio

from voting.errors import SlowDown
from voting.fraud.facts.observe import places
from voting.fraud.online.counters import Cells
from voting.redis.turns import Call
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.rate_limits import RateLimits

# The delay given to an address that asks too often.
REFUSED_SECONDS = 1.0
UNCOUNTED = Cells((), (), ())


class SignInLimits:
    """Limits each address, far above what a school needs."""

    def __init__(self, keyring: Keyring, rate_limits: RateLimits) -> None:
        self._keyring = keyring
        self._rate_limits = rate_limits

    async def admit(self, snapshot: ContestSnapshot, what: str, address: str | None) -> None:
        """Returns if the address may do it now, while the window is open: each `what` is counted by itself.

        Raises WindowNotOpen, WindowClosed, or SlowDown.
        """
        snapshot.contest.check_window(snapshot.now())
        await self.limit(snapshot, what, address)

    async def limit(self, snapshot: ContestSnapshot, what: str, address: str | None) -> None:
        """Does the same at any time."""
        holder = places(address)[0] if address else None
        if holder:
            subject = self._keyring.hashed(snapshot.contest.id, snapshot.hash_key, what, holder)
            try:
                await self._rate_limits.admit(snapshot.uid, Call((subject,), UNCOUNTED), snapshot.now().timestamp())
            except SlowDown:
                # Delay at once: repeated requests would take time from voters.
                await asyncio.sleep(REFUSED_SECONDS)
                raise
