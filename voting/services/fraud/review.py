"""Reviews groups of ballots: their effect on the ranking, and staff decisions about them.

Only ballots are released or voided, never an entry: an attack in a rival's name removes none of the rival's own
ballots. Decisions with a large effect need two reviewers. Everything is recorded, and can be undone until
certification.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

import msgspec

from voting.domain.ballots.ballot import State
from voting.domain.identity.tier import Tier
from voting.domain.results.scoring import Tally
from voting.domain.results.stakes import Stake, stakes
from voting.errors import Forbidden, NotFound, Stale
from voting.fraud.groups.rank_impact import Effect, effect
from voting.fraud.reasons.findings import Evidence
from voting.postgres import clients, contests, tallies
from voting.postgres.clients import ClientCount
from voting.postgres.database import Connection, Database
from voting.postgres.fraud import decisions, groups
from voting.postgres.fraud.decisions import Authority, Change, Decided, Member
from voting.postgres.fraud.groups import Action, GroupState, Proposal, Ruling, StoredGroup, Voters
from voting.postgres.results import certifications
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.group_pictures import COURSE_PARTS, MOST_VOTERS, READING_BOUNDS, Pictures, pictures
from voting.services.second_person import Person, check_second, deciders

SAMPLE = 20
# As many voters of a group with counted ballots beside it, if they are half of it, may be a crowd of people.
ESTABLISHED = 20
_EVIDENCE = msgspec.json.Decoder(tuple[Evidence, ...])
_AFTER: Mapping[Action, tuple[GroupState, State]] = {
    "release": ("released", "count"),
    "void": ("void", "void"),
    "undo": ("open", "hold"),
}
Moved = Callable[[UUID, str, Iterable[str]], None]
"""Called with the contest's uid and id and the entries whose tallies changed."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A group, its evidence and its effect."""

    group: StoredGroup
    evidence: tuple[Evidence, ...]
    effect: Effect
    needs_two: bool
    voters: Voters

    @property
    def needs_people(self) -> bool:
        """Whether no certification voids it by itself: it is large, it matters, or its voters have a history."""
        voters, established = self.voters
        return self.needs_two or (established >= ESTABLISHED and 2 * established >= voters)


@dataclass(frozen=True, slots=True)
class File:
    """A group with some of its ballots, the clients and tiers of credentials they came from, and the rulings on it."""

    reviewed: Reviewed
    clients: tuple[ClientCount, ...]
    tiers: Mapping[Tier, int]
    """How many of its ballots are of each tier."""
    sample: tuple[Member, ...]
    rulings: tuple[Ruling, ...]


@dataclass(frozen=True, slots=True)
class ReviewAction:
    """A reviewer's request. `version` is the group's version as seen; None accepts any."""

    action: Action
    reason: str
    version: int | None = None


Outcome = Literal["decided", "proposed", "withdrawn", "unchanged"]
_STEPS: Mapping[Outcome, tuple[groups.Step, audit.Action]] = {
    "proposed": ("propose", "group.propose"),
    "withdrawn": ("withdraw", "group.withdraw"),
    "decided": ("decide", "group.decide"),
}


class Reviews:
    """Groups of at least `second_person` ballots, or that change places for cuts or awards, need two reviewers."""

    def __init__(self, database: Database, second_person: int, moved: Moved | None = None) -> None:
        self._database = database
        self._second_person = second_person
        self._moved = moved

    async def all(self, snapshot: ContestSnapshot) -> tuple[Reviewed, ...]:
        """Returns every group, the greatest effect on the ranking first."""

        async def work(tx: Connection) -> tuple[Reviewed, ...]:
            await tx.execute("set transaction isolation level repeatable read, read only")
            return await self._all(tx, snapshot)

        found = await self._database.transact(work)
        return tuple(sorted(found, key=lambda each: (each.effect.order(), each.group.id)))

    async def ungrouped(self, snapshot: ContestSnapshot) -> int:
        """Returns how many ballots were held when cast and are in no group yet."""
        async with self._database.connection() as connection:
            return await decisions.count_ungrouped(connection, snapshot.contest.id)

    async def show(self, snapshot: ContestSnapshot, id: str) -> File:
        """Returns all details of a group. Raises NotFound."""
        contest = snapshot.contest.id

        async def work(tx: Connection) -> File:
            await tx.execute("set transaction isolation level repeatable read, read only")
            reviewed = await self._one(tx, snapshot, id)
            sample = await decisions.select_sample(tx, contest, id, SAMPLE)
            kinds = await clients.count_of_group(tx, contest, id)
            tiers = await groups.count_tiers(tx, contest, id)
            return File(reviewed, kinds, tiers, sample, await groups.select_rulings(tx, contest, id))

        return await self._database.transact(work)

    async def pictures(self, snapshot: ContestSnapshot, group: StoredGroup) -> Pictures | None:
        """Returns the group's figures as they are drawn; None if nothing was picked."""
        if not group.entries:
            return None
        contest, entry = snapshot.contest.id, max(group.entries, key=lambda code: group.entries[code])

        async def work(tx: Connection) -> Pictures | None:
            await tx.execute("set transaction isolation level repeatable read, read only")
            course = await groups.select_course(tx, contest, group.id, entry, COURSE_PARTS)
            readings = await groups.select_readings(tx, contest, group.id, entry, READING_BOUNDS)
            links = await groups.select_links(tx, contest, group.id, MOST_VOTERS)
            return pictures(entry, course, readings, links) if course else None

        return await self._database.transact(work)

    async def history(self, snapshot: ContestSnapshot, ballot: UUID) -> tuple[Decided, ...]:
        """Returns the history of a ballot's state; empty if it was counted from the start."""
        async with self._database.connection() as connection:
            return await decisions.select_history(connection, snapshot.contest.id, ballot)

    async def rule(
        self, snapshot: ContestSnapshot, id: str, person: Person, wish: ReviewAction
    ) -> tuple[Outcome, Reviewed]:
        """Carries out the reviewer's request, or proposes it to a second reviewer; repeating it has no effect.

        Raises NotFound, Stale, Forbidden (both reviewers are the same person), Certified.
        """
        moved: frozenset[str] = frozenset()

        async def work(tx: Connection) -> tuple[Outcome, Reviewed]:
            nonlocal moved
            contest = snapshot.contest.id
            await certifications.lock_uncertified_result(tx, contest)
            before = await self._one(tx, snapshot, id)
            names = await deciders(tx, contest, person) if before.needs_two else frozenset()
            outcome = _outcome(before, person, wish, names)
            if outcome == "unchanged":
                return outcome, before
            step, act = _STEPS[outcome]
            ruling = await groups.rule(tx, contest, before.group, step, wish.action, person.actor, wish.reason)
            if outcome == "proposed":
                now = (await contests.clock(tx)).isoformat()
                proposal = Proposal(wish.action, person.actor, person.name, wish.reason, now)
                await groups.propose(tx, contest, id, proposal)
            elif outcome == "withdrawn":
                await groups.propose(tx, contest, id, None)
            else:
                moved = await _decide(tx, contest, before.group, Authority("review", person.actor, ruling=ruling), wish)
            await audit.record(tx, person.actor, act, contest, _details(before, ruling, person, wish))
            return outcome, await self._one(tx, snapshot, id)

        found = await self._database.transact(work)
        if self._moved and moved:
            self._moved(snapshot.uid, snapshot.contest.id, moved)
        return found

    async def undecided(self, tx: Connection, snapshot: ContestSnapshot) -> tuple[str, ...]:
        """Returns the groups that need people and are undecided, or have a pending proposal."""
        every = await self._all(tx, snapshot)
        return tuple(
            each.group.id
            for each in every
            if each.group.proposal or (each.group.state == "open" and each.group.ballots and each.needs_people)
        )

    async def _one(self, tx: Connection, snapshot: ContestSnapshot, id: str) -> Reviewed:
        group = await groups.select(tx, snapshot.contest.id, id)
        if group is None:
            raise NotFound(f"there is no group {id[:64]!r} in this contest")
        at_stake, voters = (
            stakes(snapshot.contest, snapshot.entries),
            await groups.count_voters(tx, snapshot.contest.id, id),
        )
        return self._reviewed(group, await self._counted(tx, snapshot), at_stake, voters)

    async def _all(self, tx: Connection, snapshot: ContestSnapshot) -> tuple[Reviewed, ...]:
        at_stake = stakes(snapshot.contest, snapshot.entries)
        counted = await self._counted(tx, snapshot)
        found = await groups.select_all(tx, snapshot.contest.id)
        voters = await groups.count_voters(tx, snapshot.contest.id) if found else {}
        return tuple(self._reviewed(group, counted, at_stake, voters) for group in found)

    def _reviewed(
        self,
        group: StoredGroup,
        counted: Mapping[str, int],
        at_stake: Collection[Stake],
        voters: Mapping[str, Voters],
    ) -> Reviewed:
        found = effect(counted, group.entries, group.ballots, at_stake, is_counted=group.state == "released")
        needs_two = group.ballots >= self._second_person or found.decides
        return Reviewed(group, _EVIDENCE.decode(group.evidence), found, needs_two, voters.get(group.id, Voters()))

    async def _counted(self, tx: Connection, snapshot: ContestSnapshot) -> dict[str, int]:
        found = await tallies.select(tx, snapshot.contest.id)
        return {code: found.get(code, Tally()).counted for code in snapshot.entries}


def _outcome(before: Reviewed, person: Person, wish: ReviewAction, names: Collection[str]) -> Outcome:
    """Returns the outcome of the request. `names`: the accounts that may decide, if any. Raises Stale or Forbidden."""
    group = before.group
    if _is_done(group, person, wish):
        return "unchanged"
    if wish.version not in (None, group.version):
        raise Stale(f"the group is at version {group.version} now", version=group.version)
    if group.state == "gone":
        raise Stale("the group is gone: no ballot is in it any more", version=group.version)
    if before.needs_two and not person.name:
        raise Forbidden("two persons decide about this group: each takes an organiser's key (--key-file)")
    if group.proposal is None:
        return "proposed" if before.needs_two else "decided"
    return _second(group.proposal, person, wish, names)


def _is_done(group: StoredGroup, person: Person, wish: ReviewAction) -> bool:
    """Whether the request is already fulfilled: two reviewers agree, or one clicked twice."""
    proposal = group.proposal
    if proposal is None:
        return group.state == _AFTER[wish.action][0]
    is_own = (proposal.action, proposal.actor) == (wish.action, person.actor)
    return is_own and wish.version == group.version - 1


def _second(proposal: Proposal, person: Person, wish: ReviewAction, names: Collection[str]) -> Outcome:
    """Returns the outcome of a request on a group with a proposal."""
    if wish.action == "undo" and proposal.action != "undo":
        return "withdrawn"
    if wish.action != proposal.action:
        raise Stale(f"{proposal.actor} proposes to {proposal.action} it: confirm that, or undo it first")
    check_second(person, Person(proposal.actor, proposal.person), names)
    return "decided"


def _details(before: Reviewed, ruling: int, person: Person, wish: ReviewAction) -> dict[str, object]:
    """Returns what the audit log keeps of a ruling."""
    group = before.group
    details: dict[str, object] = {
        "group": group.id,
        "action": wish.action,
        "reason": wish.reason,
        "person": person.name,
        "ballots": group.ballots,
        "ruling": ruling,
        "was": group.state,
        "places": [list(shift) for shift in before.effect.shifts[:20]],
    }
    if group.proposal:
        details["proposed_by"] = group.proposal.actor
    return details


async def _decide(
    tx: Connection, contest: str, group: StoredGroup, by: Authority, wish: ReviewAction
) -> frozenset[str]:
    """Changes all the group's ballots at once; they keep their reasons. Returns the entries whose tally changed."""
    group_state, state = _AFTER[wish.action]
    members = await decisions.select_members(tx, contest, group.id)
    changes = [Change(number, voter, state, reasons, group.id) for number, voter, reasons in members]
    changed = await decisions.change(tx, contest, changes, by, frozen=True)
    await groups.decide(tx, contest, group.id, group_state, None if wish.action == "undo" else by.actor)
    return changed.entries
