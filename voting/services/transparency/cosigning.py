"""Asks the witnesses of each contest to cosign its newest checkpoint.

Each witness is asked by itself, so that one that is slow or away delays nobody. If a witness knows a longer log, or one
that this is no continuation of, the log is frozen: the database is an older backup, or somebody has rewritten it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping

import httpx

from voting.domain.contest.schema import Witness
from voting.domain.transparency import note, tree
from voting.domain.transparency.witness import AddCheckpoint, keys_of
from voting.domain.verifier_key import VerifierKey, read_key
from voting.errors import TryAgain
from voting.postgres.database import Database
from voting.postgres.transparency import log
from voting.postgres.transparency.log import StoredLog
from voting.services.background import repeat
from voting.services.contests.contest_cache import ContestCache, ContestSnapshot
from voting.services.transparency.log_key import is_signed

ROUND_SECONDS = 1.0
_MOST_ANSWER = 64 * 1024


class Cosigning:
    """The witnesses' side of the sequencer."""

    def __init__(self, database: Database, http: httpx.AsyncClient) -> None:
        self._database = database
        self._http = http
        self._contest_cache = ContestCache(database)
        self._under_way: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._settled: dict[str, tuple[int, int]] = {}
        """The size of each log that every witness has cosigned, and the contest's revision, which names the witnesses.

        Past contests are not looked at again.
        """
        self._said: dict[tuple[str, str], str] = {}

    async def run(self) -> None:
        """Runs rounds until cancelled."""
        try:
            await repeat(self.round, ROUND_SECONDS)
        finally:
            for task in self._under_way.values():
                task.cancel()

    async def round(self) -> None:
        """Asks every witness that has not cosigned the newest checkpoint and is not being asked already."""
        async with self._database.connection() as connection:
            growth = await log.select_growth(connection)
        for contest in [contest for contest, grown in growth.items() if self._settled.get(contest) != grown]:
            try:
                await self._ask_all(contest)
            except TryAgain:
                raise
            except Exception as error:
                # One contest's fault does not keep the others' checkpoints from their witnesses.
                self._say(contest, "", f"{type(error).__name__} {error}")

    async def _ask_all(self, contest: str) -> None:
        snapshot = await self._contest_cache.get(contest)
        async with self._database.connection() as connection:
            head = await log.select_head(connection, contest)
            cosigned = await log.select_cosignatures(connection, contest)
        if head is None or head.frozen:
            return
        if all(each.name in cosigned and cosigned[each.name].size == head.size for each in snapshot.contest.witnesses):
            self._settled[contest] = head.size, snapshot.revision
        for witness in snapshot.contest.witnesses:
            name, known = (contest, witness.name), cosigned.get(witness.name)
            if name in self._under_way or (known and known.size == head.size):
                continue
            task = asyncio.create_task(self._ask(snapshot, head, witness, known.size if known else 0))
            self._under_way[name] = task
            task.add_done_callback(lambda _, name=name: self._under_way.pop(name, None))  # type: ignore[misc]

    async def settle(self) -> None:
        """Waits for the witnesses that are being asked."""
        await asyncio.gather(*self._under_way.values())

    async def _ask(self, snapshot: ContestSnapshot, head: StoredLog, witness: Witness, old: int) -> None:
        contest = snapshot.contest.id
        try:
            answer = await self._send(contest, head, witness, old)
            if answer.status_code == 409 and answer.headers.get("content-type") == "text/x.tlog.size":
                size = int(answer.text[:20])
                if size > head.size:
                    await self._freeze(contest, head, f"the witness {witness.name} knows a log of {size} leaves")
                    return
                answer = await self._send(contest, head, witness, size)
            if answer.status_code in (409, 422):
                await self._freeze(contest, head, f"the witness {witness.name} knows another log than this one")
                return
            answer.raise_for_status()
            await self._keep(snapshot, head, witness, answer.text[:_MOST_ANSWER])
        except (httpx.HTTPError, ValueError, TryAgain) as error:
            self._say(contest, witness.name, f"{type(error).__name__} {error}".strip())
        else:
            self._said.pop((contest, witness.name), None)

    async def _send(self, contest: str, head: StoredLog, witness: Witness, old: int) -> httpx.Response:
        proof = tree.consistency(old, head.size) if old else []
        async with self._database.connection() as connection:
            tiles = {id: await log.select_tile(connection, contest, id) for id in tree.tiles_of(proof)}
        request = AddCheckpoint(old, [tree.root(each, tiles) for each in proof], head.checkpoint)
        return await self._http.post(f"{witness.url.rstrip('/')}/add-checkpoint", content=request.text().encode())

    async def _keep(self, snapshot: ContestSnapshot, head: StoredLog, witness: Witness, lines: str) -> None:
        """Stores the witness' cosignature, and the checkpoint if it has its quorum now."""
        contest, keys = snapshot.contest, keys_of(snapshot.contest.witnesses)
        line = _valid(head.checkpoint + lines, keys[witness.name])
        if line is None:
            raise ValueError("its answer has no valid cosignature")
        async with self._database.connection() as connection:
            await log.store_cosignature(connection, contest.id, witness.name, head.size, line)
            cosigned = await log.select_cosignatures(connection, contest.id)
            lines = "".join(each.line for each in _of(head, keys, cosigned))
            if lines.count("\n") >= contest.witness_quorum:
                await log.store_cosigned(connection, contest.id, head.checkpoint + lines, head.signed_at)

    async def _freeze(self, contest: str, head: StoredLog, reason: str) -> None:
        logging.getLogger("voting").error("the log of %s is frozen: %s", contest, reason)
        key = read_key(head.vkey)
        await self._database.transact(lambda tx: log.freeze(tx, contest, reason, key))

    def _say(self, contest: str, witness: str, what: str) -> None:
        """Logs why a witness, or with "" none of them, did not cosign, once for each reason."""
        if self._said.get((contest, witness)) != what:
            self._said[contest, witness] = what
            logging.getLogger("voting").warning("the witnesses of %s: %s", f"{contest} {witness}".strip(), what)


def _valid(note_text: str, key: VerifierKey) -> str | None:
    """Returns the line of the key's signature in a note, or None."""
    _, body, signatures = note.read_note(note_text)
    return next((each.line for each in signatures if is_signed(key, body, each)), None)


def _of(
    head: StoredLog, keys: Mapping[str, VerifierKey], cosigned: Mapping[str, log.Cosignature]
) -> list[log.Cosignature]:
    """Returns the cosignatures of this checkpoint, one for each witness."""
    return [
        each
        for name, each in cosigned.items()
        if each.size == head.size and name in keys and _valid(head.checkpoint + each.line, keys[name])
    ]
