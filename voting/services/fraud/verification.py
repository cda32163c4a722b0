"""Verifies a certified result: recomputes the hashes of all its inputs, including the ballots."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from voting.domain.results.inputs import lines_sha256
from voting.domain.results.scoring import Tally
from voting.domain.roster.sheet import Tick, silent
from voting.errors import NotFound
from voting.postgres import records, tallies
from voting.postgres.database import Connection, Database
from voting.postgres.results.certifications import Certification
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.ballot_table import ballot_line
from voting.services.results.binding import plain, read_inputs


@dataclass(frozen=True, slots=True)
class Verified:
    """One input of the result: its SHA-256 as certified and now."""

    name: str
    certified: str | None
    now: str

    @property
    def agrees(self) -> bool:
        """Whether the input is unchanged."""
        return self.certified == self.now


async def verify_result(
    database: Database, snapshot: ContestSnapshot, tick: Tick = silent
) -> tuple[Certification, tuple[Verified, ...]]:
    """Returns the certification in force and its inputs, read in one snapshot. Raises NotFound."""
    contest = snapshot.contest.id

    async def work(tx: Connection) -> tuple[Certification, tuple[Verified, ...]]:
        await tx.execute("set transaction isolation level repeatable read, read only")
        inputs = await read_inputs(tx, contest)
        stands = inputs.certification
        if stands is None:
            raise NotFound(f"contest {contest!r} is not certified: there is nothing to verify")
        digest, done = hashlib.sha256(), 0
        async for portion in records.read(tx, contest, None, None):
            for record in portion:
                digest.update(ballot_line(record))
            done += len(portion)
            tick(done)
        now = asdict(inputs.bound(stands.bound.policy_sha256, digest.hexdigest()))
        certified = asdict(stands.bound) | {"tally_sha256": _tally_sha256(stands.tallies)}
        now["tally_sha256"] = _tally_sha256(await tallies.recount(tx, contest))
        checked = [name for name in now if name != "policy_sha256"]
        return stands, tuple(Verified(name.removesuffix("_sha256"), certified[name], now[name]) for name in checked)

    return await database.transact(work)


def _tally_sha256(tally: Mapping[str, Tally]) -> str:
    """Hashes [entry, raw, held, counted] of each entry with picks, sorted."""
    return lines_sha256([entry, *counts] for entry, counts in sorted(plain(tally).items()))
