"""A voter who is asked to confirm says that the ballot is another's: it is void, in a group that reviewers can release.

Whoever holds the credential can say so, and takes no votes but that credential's own. In the sample the answer counts
as that of a voter who did not confirm. Who pressed the button by mistake tells the organiser the code.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import chain
from typing import cast
from uuid import UUID

import msgspec

from voting.errors import NotAsked, NotFound
from voting.fraud.reasons.findings import Evidence
from voting.postgres.database import Connection, Database
from voting.postgres.fraud import decisions, groups
from voting.postgres.fraud.decisions import Authority, Change
from voting.postgres.fraud.groups import GroupRow, StoredGroup
from voting.postgres.identity import confirmations
from voting.postgres.results import certifications
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.confirmations import Confirmations
from voting.services.second_person import Person

REASON = "V2"
GROUP = "denied-"
"""The beginning of the name of the group of an entry's ballots that their voters say are another's."""
VOTER = "voter"
"""The actor in the audit log, which does not say of whom it is."""


class Disowning:
    """Voids what voters disown, and counts it again for voters whom the organiser knows.

    `moved` is called with the entries whose tallies changed.
    """

    def __init__(
        self,
        database: Database,
        confirming: Confirmations,
        moved: Callable[[UUID, str, Iterable[str]], None] | None = None,
    ) -> None:
        self._database = database
        self._confirming = confirming
        self._moved = moved

    async def disown(self, snapshot: ContestSnapshot, token: str) -> None:
        """Voids the ballots that the voter is asked about, unless they are in a group: about those reviewers decide.

        Raises CredentialInvalid, NotAsked (also after another answer), Certified.
        """
        request, contest = await self._confirming.open(snapshot, token), snapshot.contest.id

        async def work(tx: Connection) -> frozenset[str]:
            await certifications.lock_uncertified_result(tx, contest)
            if not await confirmations.deny(tx, contest, request.voter):
                raise NotAsked
            ballots = await confirmations.select_disowned(tx, contest, request)
            changed: frozenset[str] = frozenset()
            details: dict[str, object] = {"ballots": len(ballots)}
            if ballots:
                group = await _group(tx, contest, request.entry or ballots[0][1][0], [picks for _, picks in ballots])
                reason = "the voter says that it is not theirs"
                ruling = await groups.rule(tx, contest, group, "decide", "void", VOTER, reason)
                changes = [Change(number, request.voter, "void", (REASON,), group.id) for number, _ in ballots]
                by = Authority("review", VOTER, ruling=ruling)
                changed = (await decisions.change(tx, contest, changes, by, frozen=True)).entries
                await groups.decide(tx, contest, group.id, "void", VOTER)
                await groups.recount(tx, contest, group.id)
                details |= {"group": group.id, "ruling": ruling}
            await audit.record(tx, VOTER, "confirmation.denied", contest, details)
            return changed

        self._tell(snapshot, await self._database.transact(work))

    async def by_host(self, snapshot: ContestSnapshot, code: str, reason: str, person: Person) -> None:
        """Stores that the organiser knows the voter with this code, and counts what that voter disowned by mistake.

        Raises NotFound, Certified.
        """
        contest, code = snapshot.contest.id, code.strip().upper()

        async def work(tx: Connection) -> frozenset[str]:
            await certifications.lock_uncertified_result(tx, contest)
            voter = await confirmations.confirm_by_code(tx, contest, code)
            if voter is None:
                raise NotFound(f"no voter of contest {contest!r} with the code {code[:16]!r} waits to be confirmed")
            disowned = await confirmations.select_void_by_denial(tx, contest, voter, REASON)
            changes = [Change(number, voter, "count", (), None) for number, _ in disowned]
            changed = await decisions.change(tx, contest, changes, Authority("review", person.actor), frozen=True)
            for group in sorted({group for _, group in disowned}):
                await groups.recount(tx, contest, group)
            details = {"code": code, "reason": reason, "ballots": changed.released}
            await audit.record(tx, person.actor, "confirmation.by_host", contest, details)
            return changed.entries

        self._tell(snapshot, await self._database.transact(work))

    def _tell(self, snapshot: ContestSnapshot, entries: frozenset[str]) -> None:
        if self._moved and entries:
            self._moved(snapshot.uid, snapshot.contest.id, entries)


async def _group(tx: Connection, contest: str, entry: str, ballots: Collection[Sequence[str]]) -> StoredGroup:
    """Returns the entry's group: a further one if reviewers released the last, or one of them proposes that."""
    number, name = 1, f"{GROUP}{entry}"
    while (group := await groups.select(tx, contest, name)) and (group.state != "void" or group.proposal):
        number, name = number + 1, f"{GROUP}{entry}-{number + 1}"
    if group:
        return group
    evidence = Evidence(REASON, {"entry": entry}, len(ballots), 0.0, 0.0)
    picks = Counter(chain.from_iterable(ballots))
    row = GroupRow(name, (REASON,), msgspec.json.encode([evidence]).decode(), len(ballots), picks)
    await groups.put(tx, contest, [row], "nearline", ("", ""))
    return cast(StoredGroup, await groups.select(tx, contest, name))
