"""Records ballots: many in one transaction, each judged by itself, durable before it is answered."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from itertools import compress, cycle

from voting import telemetry
from voting.errors import ContestUnknown, Malformed
from voting.postgres import ballots
from voting.postgres.ballots import SHARDS, WindowRow
from voting.postgres.database import Connection, Database, RowRefusedError
from voting.services.ballots.batch import Attempt, Batch, Outcome
from voting.services.ballots.remaining_quota import RemainingQuota
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import Solved

BATCHES_AT_ONCE = 4


class RulesMovedError(Exception):
    """The contest changed after it was read into memory."""


class BallotRecorder:
    """Records the ballots of one contest."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring
        self._remaining_quota = RemainingQuota()
        # Batches at once, here and in other processes, add to different rows of the tally: they need not wait.
        first = secrets.randbelow(SHARDS)
        self._shards = cycle([(first + number) % SHARDS for number in range(BATCHES_AT_ONCE)])

    async def record(self, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        """What became of each, all of one contest. Raises TryAgain when the outcome is unknown.

        A replay is safe: the keys find what was committed. A row that PostgreSQL refuses is found by halving, so that
        its neighbours are kept.
        """
        try:
            return await self._database.transact(lambda tx: self._record(tx, attempts))
        except RowRefusedError as error:
            if len(attempts) == 1:
                telemetry.POISON.inc()
                logging.getLogger("voting").warning("a ballot cannot be stored: %s", error)
                return [Malformed("the ballot holds something that cannot be stored")]
        half = len(attempts) // 2
        return [*await self.record(attempts[:half]), *await self.record(attempts[half:])]

    async def _record(self, tx: Connection, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        channels: dict[bytes, str | None] = {}
        for attempt in attempts:
            channels[attempt.voter] = channels.get(attempt.voter) or attempt.channel
        window = await ballots.open_batch(tx, attempts[0].snapshot.contest.id, channels)
        if window is None:
            return [ContestUnknown() for _ in attempts]
        is_current = [attempt.snapshot.revision == window.revision for attempt in attempts]
        current = list(compress(attempts, is_current))
        judged = iter(await self._judge(tx, window, current) if current else ())
        return [next(judged) if is_it else RulesMovedError() for is_it in is_current]

    async def _judge(self, tx: Connection, window: WindowRow, attempts: Sequence[Attempt]) -> Sequence[Outcome]:
        contest = attempts[0].snapshot.contest
        keys = [(attempt.voter, attempt.key) for attempt in attempts]
        marks = [attempt.proof.mark for attempt in attempts if isinstance(attempt.proof, Solved)]
        earlier = await ballots.select_earlier(tx, contest, keys, marks, window.now)
        tell = self._remaining_quota.at(contest, window.revision, window.now)
        batch = Batch(contest, window, earlier, self._keyring, tell)
        outcomes = batch.judge(attempts)
        if batch.rows:
            await ballots.insert(tx, contest, batch.rows, next(self._shards), window.now)
        return outcomes
