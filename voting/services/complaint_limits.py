"""Limits how many complaints one address, and everybody together, may file about a contest."""

from __future__ import annotations

from voting.domain.ballots.rate import read_rate
from voting.fraud.facts.observe import places
from voting.redis.turns import Call, Turns
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.identity.sign_in_limits import UNCOUNTED
from voting.services.rate_limits import RateLimits

OF_ADDRESS, OF_CONTEST = read_rate("6/hour"), read_rate("600/hour")


class ComplaintLimits:
    """Counts complaints in Redis, by keyed hashes, over all processes."""

    def __init__(self, keyring: Keyring, turns: Turns) -> None:
        self._keyring = keyring
        self._limits = RateLimits(turns, OF_ADDRESS, OF_CONTEST)

    async def admit(self, snapshot: ContestSnapshot, address: str | None) -> None:
        """Returns if one more may be filed. Those without an address share one limit. Raises SlowDown."""
        holder = (places(address)[0] if address else None) or "unknown"
        subjects = [
            self._keyring.hashed(snapshot.contest.id, snapshot.hash_key, "complaint", part)
            for part in (f"address {holder}", "contest")
        ]
        await self._limits.admit(snapshot.uid, Call(subjects, UNCOUNTED), snapshot.now().timestamp())
