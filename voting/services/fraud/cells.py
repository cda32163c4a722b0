"""Cells of ballots whose voters confirm too seldom: estimates, the share asked, and what two persons decide.

People decide about a cell that is named (`voting.fraud.naming`): all its voters are asked to confirm in a stated time,
after which the ballots of those who did not are void as far as they are more than people's
(`voting.fraud.unconfirmed`), as a group that reviewers can release; or the cell is accepted with a written ground.
Ballots become void, and no number is subtracted from an entry's count, so that the count stays that of ballots which
anybody can recount.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from itertools import chain, groupby
from typing import Literal, NamedTuple, cast
from uuid import UUID

import msgspec

from voting.domain.contest.schema import VerificationRule
from voting.domain.identity.channel import NUMBERS
from voting.domain.results.scoring import Tally
from voting.domain.results.stakes import stakes
from voting.errors import Forbidden, NotFound, Stale
from voting.fraud.facts.facts import read_facts
from voting.fraud.groups.rank_impact import Effect, effect
from voting.fraud.naming import LASTING, material, named, to_ask
from voting.fraud.reasons.findings import Evidence
from voting.fraud.sample import RULES, Asked, Cell, Estimate, asked_for_it, cells_of
from voting.fraud.unconfirmed import CellBallot, surplus
from voting.postgres import contests, records, tallies
from voting.postgres.database import Connection, Database
from voting.postgres.fraud import decisions, groups, suspect_cells
from voting.postgres.fraud.decisions import Authority, Change, Changed
from voting.postgres.fraud.groups import GroupRow, StoredGroup
from voting.postgres.fraud.suspect_cells import CellAction, CellProposal, CellState, FoundCell, StoredCell
from voting.postgres.identity import confirmations
from voting.postgres.identity.confirmations import AskedNumber, SampledPicks
from voting.postgres.results import certifications
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.confirmations import new_code
from voting.services.second_person import Person, check_second, deciders

REASON = "V1"
# Who was asked a moment ago has not had the time to answer.
SETTLING = timedelta(hours=1)
GROUP = "unconfirmed-"
"""The beginning of the name of the group of a cell's unconfirmed ballots."""
_ACTOR = "confirmations"
"""Of ballots counted again: their voters have answered, and nobody decides about it."""
Moved = Callable[[UUID, str, Iterable[str]], None]
CellOutcome = Literal["decided", "proposed", "withdrawn", "unchanged"]
_AFTER: Mapping[CellAction, CellState] = {"ask": "asked", "accept": "accepted", "undo": "open"}


@dataclass(frozen=True, slots=True)
class SuspectCell:
    """A cell as it stands. `estimate` None: too few of its voters with counted picks are in the sample now."""

    stored: StoredCell
    estimate: Estimate | None
    effect: Effect
    """On the ranking, if as many picks as are estimated to be invented were void."""
    invented: int


@dataclass(frozen=True, slots=True)
class CellWish:
    """A person's request about a cell. `hours`: the time to confirm, for `ask`."""

    action: CellAction
    reason: str
    hours: int | None = None


class _Member(NamedTuple):
    """A counted ballot of a cell that is in no group."""

    sequence: int
    voter: bytes
    channel: str | None
    entries: Collection[str]
    traits: tuple[Hashable, ...]
    """As `voting.fraud.unconfirmed` compares them."""


class Cells:
    """The cells of contests whose files have [verification]."""

    def __init__(self, database: Database, moved: Moved | None = None) -> None:
        self._database = database
        self._moved = moved

    async def all(self, snapshot: ContestSnapshot) -> tuple[SuspectCell, ...]:
        """Returns every cell that people decide or decided about: those to decide first, then by effect."""

        async def work(tx: Connection) -> tuple[SuspectCell, ...]:
            await tx.execute("set transaction isolation level repeatable read, read only")
            return await self._all(tx, snapshot)

        found = await self._database.transact(work)
        return tuple(sorted(found, key=lambda each: (each.stored.state != "open", each.effect.order(), -each.invented)))

    async def watch(self, snapshot: ContestSnapshot) -> None:
        """Estimates the cells, asks more voters of suspected ones, and carries out what people decided.

        Raises Certified.
        """
        rule, contest = snapshot.contest.verification, snapshot.contest.id
        if rule is None:
            return
        estimates = await self._database.transact(lambda tx: _estimates(tx, contest))
        numbers = await self._database.transact(lambda tx: confirmations.select_numbers(tx, contest))
        more = RULES.raised if _has_budget(rule, numbers) else 0.0

        async def work(tx: Connection) -> None:
            await certifications.lock_uncertified_result(tx, contest)
            await contests.lock_gates(tx, contest)
            known = {cell.cell: cell for cell in await suspect_cells.select_all(tx, contest)}
            # Nobody votes after the close: a look the day after is no further evidence.
            now = min(await contests.clock(tx), snapshot.contest.closes_at)
            since = {
                cell: (known[cell].material_since if cell in known else None) or now for cell in material(estimates)
            }
            lasting = {cell for cell, began in since.items() if now - began >= LASTING}
            before = {cell for cell, stored in known.items() if stored.state != "suspected"}
            must_decide = named(estimates, lasting | before)
            suspected = to_ask(estimates, must_decide)
            found = [
                FoundCell(cell, cell in must_decide, more if cell in suspected else 0.0, since.get(cell))
                for cell in since.keys() | suspected | known.keys()
            ]
            await suspect_cells.put(tx, contest, found)
            # What people decided stays as it is.
            free = {cell for cell, stored in known.items() if stored.state in ("suspected", "open")}
            if any(
                each.cell not in known or (each.cell in free and each.share != known[each.cell].share) for each in found
            ):
                await contests.revise(tx, contest)

        await self._database.transact(work)
        await self.settle(snapshot)

    async def decide(
        self, snapshot: ContestSnapshot, id: str, person: Person, wish: CellWish
    ) -> tuple[CellOutcome, StoredCell]:
        """Carries out the wish of two persons, or proposes it to the second one.

        Raises NotFound, Stale, Certified, and Forbidden (the person has no name, or proposed it).
        """
        contest, rates = snapshot.contest.id, dict[Cell, float]()
        if wish.action == "ask":
            # Before the transaction, which keeps the contest's ballots waiting.
            estimates = await self._database.transact(lambda tx: _estimates(tx, contest))
            rates = {each.cell: each.elsewhere for each in estimates}

        async def work(tx: Connection) -> tuple[CellOutcome, StoredCell]:
            await certifications.lock_uncertified_result(tx, contest)
            await contests.lock_gates(tx, contest)
            cell = next((each for each in await suspect_cells.select_all(tx, contest) if each.cell.id == id), None)
            if cell is None:
                raise NotFound(f"there is no suspected cell {id[:64]!r} in this contest")
            if not person.name:
                raise Forbidden("two persons decide about a cell: each takes an organiser's key (--key-file)")
            rate = _rate_elsewhere(rates, cell) if wish.action == "ask" else None
            outcome, after = _decided(cell, rate, person, wish, await deciders(tx, contest, person))
            if outcome == "unchanged":
                return outcome, cell
            after = await suspect_cells.store(tx, contest, after)
            # So that every process asks as many voters of the cell as was decided.
            await contests.revise(tx, contest)
            details = {"cell": id, **cell.cell._asdict(), "action": wish.action, "hours": wish.hours}
            details |= {"reason": wish.reason, "person": person.name, "outcome": outcome, "was": cell.state}
            act: audit.Action = "cell.decide" if outcome == "decided" else "cell.propose"
            await audit.record(tx, person.actor, act, contest, details)
            return outcome, after

        return await self._database.transact(work)

    async def settle(self, snapshot: ContestSnapshot) -> None:
        """Asks all voters of the cells about which people decided so, and voids the surplus of those out of time.

        Who confirms later, through the organiser, is counted again. Ballots that are in another group stay as they are,
        because reviewers decide about them. Raises Certified.
        """
        async with self._database.connection() as connection:
            cells = await suspect_cells.select_all(connection, snapshot.contest.id)
        for cell in cells:
            if cell.state == "asked":
                members = await self._members(snapshot, cell.cell)
                moved = await self._database.transact(partial(_settle, snapshot=snapshot, cell=cell, members=members))
                if self._moved and moved:
                    self._moved(snapshot.uid, snapshot.contest.id, moved)

    async def undecided(self, tx: Connection, snapshot: ContestSnapshot) -> tuple[str, ...]:
        """Returns the ids of named cells without a decision, and of cells whose voters still have time to confirm."""
        if snapshot.contest.verification is None:
            return ()
        waiting = []
        for each in await self._all(tx, snapshot):
            cell = each.stored
            until = await confirmations.waiting_until(tx, snapshot.contest.id, cell.cell.id)
            if cell.proposal or cell.state == "open":
                waiting.append(cell.cell.id)
            elif cell.state == "asked" and until:
                ends = until.astimezone(snapshot.contest.zone).isoformat(timespec="minutes")
                waiting.append(f"{cell.cell.id} (its voters may confirm until {ends})")
        return tuple(waiting)

    async def _all(self, tx: Connection, snapshot: ContestSnapshot) -> tuple[SuspectCell, ...]:
        every = await suspect_cells.select_all(tx, snapshot.contest.id)
        # More voters of a suspected cell are asked: that says nothing about it yet.
        stored = {cell.cell: cell for cell in every if cell.state != "suspected" or cell.proposal}
        if not stored:
            return ()
        estimates = {each.cell: each for each in await _estimates(tx, snapshot.contest.id)}
        tally = await tallies.select(tx, snapshot.contest.id)
        counted = {code: tally.get(code, Tally()).counted for code in snapshot.entries}
        at_stake = stakes(snapshot.contest, snapshot.entries)
        found = []
        for cell, each in stored.items():
            estimated = estimates.get(cell)
            picks = min(estimated.picks, counted.get(cell.entry, 0)) if estimated else 0
            invented = round(estimated.share * picks) if estimated else 0
            impact = effect(counted, {cell.entry: invented}, invented, at_stake, is_counted=True)
            found.append(SuspectCell(each, estimated, impact, invented))
        return tuple(found)

    async def _members(self, snapshot: ContestSnapshot, cell: Cell) -> list[_Member]:
        contest, members = snapshot.contest, []
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            grouped = {row.sequence for row in await decisions.select_in_question(connection, contest.id)}
            async for portion in records.read(connection, contest.id, None, None):
                for record in portion:
                    if cell.entry not in record.picks or record.sequence in grouped:
                        continue
                    facts = read_facts(record.facts)
                    if cell in cells_of(cell.entry, facts.channel or "", facts.prefix):
                        at = record.recorded_at.astimezone(contest.zone)
                        traits = (facts.prefix, facts.fingerprint, at.date(), at.hour // 2)
                        members.append(_Member(record.sequence, record.voter, facts.channel, record.picks, traits))
        return members


def _has_budget(rule: VerificationRule, numbers: Collection[AskedNumber]) -> bool:
    """Returns whether more voters of suspected cells may be asked."""
    # With share 1, all voters of the file or of a cell about which people decided were asked.
    chosen = [each for each in numbers if each.share < 1]
    extra = sum(each.asked * asked_for_it(rule.share_of(each.channel), each.share) for each in chosen)
    return all(extra <= RULES.budget * each.voters for each in numbers)


async def _estimates(tx: Connection, contest: str) -> tuple[Estimate, ...]:
    until = await contests.clock(tx) - SETTLING
    rows = await confirmations.select_sample(tx, contest, until)
    # In a thread: a large sample takes the processor for seconds.
    return await asyncio.to_thread(_estimate, rows)


def _estimate(rows: Iterable[SampledPicks]) -> tuple[Estimate, ...]:
    # It loads numpy, which web workers need only when somebody looks at the cells.
    from voting.fraud.confirmation import estimate

    sample = []
    for _, group in groupby(rows, key=lambda row: row.voter):
        picks = tuple(group)
        cells = (cells_of(row.entry, row.channel, row.network) for row in picks)
        sample.append(Asked(picks[0].channel, picks[0].share, picks[0].confirmed, frozenset(chain(*cells))))
    return estimate(sample)


def _rate_elsewhere(rates: Mapping[Cell, float], cell: StoredCell) -> float:
    """Returns the rate at which people confirm elsewhere, which says how many of the cell's will not. Raises Stale."""
    rate = rates.get(cell.cell, cell.rate)
    if rate is None:
        raise Stale("too few of its voters are in the sample now to say how many people it has: wait, or accept it")
    return rate


def _decided(
    cell: StoredCell, rate: float | None, person: Person, wish: CellWish, names: Collection[str]
) -> tuple[CellOutcome, StoredCell]:
    """Returns the outcome of a request. Raises Stale or Forbidden."""
    proposal = cell.proposal
    if wish.action == "undo" and proposal and proposal.action != "undo":
        return "withdrawn", replace(cell, proposal=None)
    if proposal is None:
        is_same = cell.state == _AFTER[wish.action] and cell.hours == wish.hours
        if is_same or (wish.action == "undo" and cell.state == "suspected"):
            return "unchanged", cell
        mine = CellProposal(wish.action, wish.hours, person.actor, person.name, wish.reason)
        return "proposed", replace(cell, proposal=mine)
    if (proposal.action, proposal.hours) != (wish.action, wish.hours):
        hours = f" for {proposal.hours} hours" if proposal.hours else ""
        raise Stale(f"{proposal.actor} proposes to {proposal.action} it{hours}: confirm that, or undo it first")
    check_second(person, Person(proposal.actor, proposal.person), names)
    if wish.action == "undo":
        return "decided", replace(
            cell, state="open", proposal=None, hours=None, rate=None, decided_by=None, reason=None
        )
    return "decided", replace(
        cell,
        state=_AFTER[wish.action],
        share=1.0 if wish.action == "ask" else 0.0,
        proposal=None,
        hours=wish.hours,
        rate=rate,
        decided_by=person.actor,
        reason=wish.reason,
    )


async def _settle(
    tx: Connection, snapshot: ContestSnapshot, cell: StoredCell, members: Iterable[_Member]
) -> frozenset[str]:
    """Asks the members' voters, and voids the surplus of those out of time. Returns the entries that it changed."""
    contest, rule = snapshot.contest.id, snapshot.contest.verification
    await certifications.lock_uncertified_result(tx, contest)
    if rule is None or cell.hours is None or cell.decided_by is None:
        return frozenset()
    counted = await _count_confirmed(tx, contest, cell.cell)
    askable = [each for each in members if each.channel in NUMBERS and rule.ways(each.channel)]
    channels = {each.voter: each.channel or "" for each in askable}
    asked = [(voter, channels[voter], new_code()) for voter in sorted(channels)]
    await confirmations.ask_all(tx, contest, cell.cell.id, asked, cell.hours)
    outcomes = await confirmations.select_outcomes(tx, contest, channels)
    settled = [each for each in askable if each.voter in outcomes]
    ballots = [CellBallot(each.voter, outcomes[each.voter], each.traits) for each in settled]
    void = [settled[place] for place in surplus(cell.cell, ballots, cell.rate or 1.0)]
    if not void:
        return counted
    confirmed = sum(ballot.confirmed for ballot in ballots)
    group = await _group(tx, contest, cell.cell, void)
    left = len(ballots) - confirmed - len(void)
    reason = f"not confirmed within {cell.hours} hours ({confirmed} are, {left} more stay): {cell.reason}"
    ruling = await groups.rule(tx, contest, group, "decide", "void", cell.decided_by, reason)
    changes = [Change(each.sequence, each.voter, "void", (REASON,), group.id) for each in void]
    by = Authority("review", cell.decided_by, ruling=ruling)
    changed = await decisions.change(tx, contest, changes, by)
    await groups.decide(tx, contest, group.id, "void", cell.decided_by)
    await groups.recount(tx, contest, group.id)
    details = {"cell": cell.cell.id, "group": group.id, "ballots": changed.voided, "ruling": ruling, "reason": reason}
    details |= {"confirmed": confirmed, "stay": left, "rate": cell.rate}
    await audit.record(tx, cell.decided_by, "cell.void", contest, details)
    return counted | changed.entries


async def _count_confirmed(tx: Connection, contest: str, cell: Cell) -> frozenset[str]:
    """Counts the void ballots of voters who have confirmed since. Returns the entries that it changed."""
    total = Changed()
    for group in await groups.select_all(tx, contest):
        if group.state == "void" and group.id.startswith(f"{GROUP}{cell.id}"):
            members = await decisions.select_members(tx, contest, group.id)
            outcomes = await confirmations.select_outcomes(tx, contest, [voter for _, voter, _ in members])
            late = [Change(number, voter, "count", (), None) for number, voter, _ in members if outcomes.get(voter)]
            changed = await decisions.change(tx, contest, late, Authority("review", _ACTOR), frozen=True)
            if changed.changed:
                await groups.recount(tx, contest, group.id)
                details = {"cell": cell.id, "group": group.id, "ballots": changed.released}
                await audit.record(tx, _ACTOR, "cell.count", contest, details)
            total += changed
    return total.entries


async def _group(tx: Connection, contest: str, cell: Cell, void: Collection[_Member]) -> StoredGroup:
    """Returns the group of the cell's unconfirmed ballots: a further one if reviewers released the last."""
    number, name = 1, f"{GROUP}{cell.id}"
    while (group := await groups.select(tx, contest, name)) and group.state != "void":
        number, name = number + 1, f"{GROUP}{cell.id}-{number + 1}"
    if group:
        return group
    evidence = Evidence(REASON, {"entry": cell.entry}, len(void), 0.0, 0.0)
    entries = Counter(entry for each in void for entry in each.entries)
    row = GroupRow(name, (REASON,), msgspec.json.encode([evidence]).decode(), len(void), entries)
    await groups.put(tx, contest, [row], "nearline", ("", ""))
    return cast(StoredGroup, await groups.select(tx, contest, name))
