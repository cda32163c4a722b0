"""Certifies a closed contest: one last sweep over every ballot, then the result is frozen.

Findings of the sweep are void unless a reviewer released them; other held ballots are counted again. Groups that need
two reviewers must be decided first, growth that nothing explains needs a written ground, and every ballot must match
its receipt, batch and decisions. The result names the policy and the hashes of all its inputs, so that it can be
reproduced from the same ballots.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from datetime import date, timedelta
from typing import NamedTuple

import msgspec
import polars as pl

from voting.domain.contest.contest import Contest
from voting.domain.contest.explain import local
from voting.domain.results.outcome import compute
from voting.domain.results.scoring import Tally
from voting.domain.roster.sheet import Tick, silent
from voting.domain.transparency.roster_file import roster_csv
from voting.errors import ContestUnknown, NotCertifiable, NotFound, NotScorable, SecondPersonNeeded
from voting.fraud.groups.excess import excesses
from voting.fraud.groups.volume import grown_days
from voting.fraud.policy import SweepPolicy
from voting.fraud.reasons.findings import Sweep
from voting.fraud.sweep import sweep
from voting.postgres import contests, tallies
from voting.postgres.database import Connection, Database
from voting.postgres.fraud import decisions, groups
from voting.postgres.fraud.decisions import CERTIFICATION, Authority, Change, Changed, ExcessEstimate
from voting.postgres.results import certifications
from voting.postgres.results.certifications import Certification, Draft
from voting.postgres.transparency import bundles, log
from voting.services import audit
from voting.services.ballots.consistency import check_consistency
from voting.services.ballots.receipts import check_receipts
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.apply_decisions import DecisionWriter, Detector, Swept
from voting.services.fraud.ballot_table import load_ballot_table
from voting.services.fraud.cells import Cells
from voting.services.fraud.growth import DAY, Growths
from voting.services.fraud.review import Reviews
from voting.services.identity.keyring import ReceiptKey
from voting.services.results.binding import Inputs, read_inputs
from voting.services.second_person import Agreed, Person, agree
from voting.services.tallies.recount import compare

Progress = Callable[[str], Tick]
"""Called with the name of the step that begins, such as `ballots read`."""


def _quiet(_what: str) -> Tick:
    return silent


class _LastSweep(NamedTuple):
    """A certification's sweep, its estimates, and the hash of the ballots that it read."""

    swept: Swept
    excesses: list[ExcessEstimate]
    ballots_sha256: str


class _Act(NamedTuple):
    """A certification that a person asks for."""

    person: Person
    policy_sha256: str
    public_only: bool
    without_witnesses: bool

    async def agreed(self, tx: Connection, contest: str, *, keep: bool = False) -> Agreed | None:
        details = {
            "policy_sha256": self.policy_sha256,
            "public_only": self.public_only,
            "without_witnesses": self.without_witnesses,
        }
        return await agree(tx, self.person, "certification.certify", contest, details, keep=keep)


class Certifier:
    """Certifies. `actor` is recorded; `reviews` decides which groups need two reviewers."""

    def __init__(
        self, database: Database, actor: str, key: ReceiptKey, reviews: Reviews, detect: Detector = sweep
    ) -> None:
        self._database = database
        self._actor = actor
        self._key = key
        self._reviews = reviews
        self._detect = detect
        self._decisions = DecisionWriter(database)
        self._cells = Cells(database)
        self._growths = Growths(database)

    async def standing(self, snapshot: ContestSnapshot) -> Certification | None:
        """Returns the certification in force."""
        async with self._database.connection() as connection:
            return await certifications.select(connection, snapshot.contest.id)

    async def propose(self, snapshot: ContestSnapshot, policy: SweepPolicy, progress: Progress = _quiet) -> Changed:
        """Runs the certification's sweep and holds its findings for review. Raises NotCertifiable, Certified."""
        await self._database.transact(lambda tx: self._check(tx, snapshot.contest.id))
        contest, last = snapshot.contest.id, await self._sweep(snapshot, policy, progress)
        changed = await self._apply(contest, last.swept, progress)
        await self._cells.watch(snapshot)
        details = {"policy_version": policy.version, "policy_sha256": policy.sha256, "held": changed.held}

        async def work(tx: Connection) -> None:
            await _set_excesses(tx, contest, last.excesses)
            await audit.record(tx, self._actor, "certification.propose", contest, details)

        await self._database.transact(work)
        return changed

    async def certify(
        self,
        snapshot: ContestSnapshot,
        policy: SweepPolicy,
        progress: Progress = _quiet,
        *,
        public_only: bool = False,
        without_witnesses: bool = False,
        person: Person | None = None,
    ) -> Certification:
        """Returns the certified result; the one in force if it was certified under this policy.

        `public_only` accepts that final scores or awards cannot be computed, `without_witnesses` that too few of the
        contest's witnesses have cosigned the log. Raises NotCertifiable with the groups that need two reviewers, or the
        ballots that differ from what was recorded and decided; Certified; SecondPersonNeeded, Forbidden.
        """
        contest, stands = snapshot.contest.id, await self.standing(snapshot)
        if stands and stands.bound.policy_sha256 == policy.sha256:
            return stands
        act = _Act(person or Person(self._actor), policy.sha256, public_only, without_witnesses)

        async def begin(tx: Connection) -> bool:
            await self._check(tx, contest)
            await _check_witnessed(tx, snapshot, act)
            return await act.agreed(tx, contest, keep=True) is not None

        if not await self._database.transact(begin):
            raise SecondPersonNeeded
        receipts = await check_receipts(self._database, contest, self._key, progress("receipts checked"))
        if changed := [*receipts.wrong, *await check_consistency(self._database, contest)]:
            raise NotCertifiable("\n".join(changed))
        last = await self._sweep(snapshot, policy, progress)
        # Hold first, so that groups which need two reviewers are not voided by one.
        await self._apply(contest, last.swept, progress)
        await self._cells.watch(snapshot)
        await self._database.transact(lambda tx: _set_excesses(tx, contest, last.excesses))
        # All held ballots will be void, so counted picks, and thus the finalists, are already those of the result.
        await self._database.transact(lambda tx: self._check_decided(tx, snapshot, act))
        await self._apply(contest, replace(last.swept, found_are="void"), progress)
        made = await self._database.transact(lambda tx: self._freeze(tx, snapshot, policy, last.ballots_sha256, act))
        if made is None:
            raise SecondPersonNeeded
        return made

    async def reopen(self, snapshot: ContestSnapshot, reason: str, person: Person | None = None) -> int:
        """Opens a certified contest for review again; decisions made only by certification become held.

        Returns the certification's number. Raises NotFound, SecondPersonNeeded, Forbidden.
        """
        contest, by = snapshot.contest.id, person or Person(self._actor)

        async def work(tx: Connection) -> int | None:
            await certifications.lock_result(tx, contest)
            stands = await certifications.select(tx, contest)
            if stands is None:
                raise NotFound(f"contest {contest!r} is not certified: there is nothing to open again")
            number = stands.number
            agreed = await agree(tx, by, "certification.reopen", contest, {"certification": number}, reason=reason)
            if agreed is None:
                return None
            await certifications.reopen(tx, contest, by.actor, reason)
            await groups.reopen(tx, contest, CERTIFICATION)
            held = [
                Change(row.sequence, row.voter, "hold", row.reasons, row.group)
                for row in await decisions.select_in_question(tx, contest)
                if row.state == "void" and not row.frozen
            ]
            changed = await decisions.change(tx, contest, held, Authority("certification", by.actor))
            details = {"certification": number, "reason": reason, "held": changed.changed, **agreed.details}
            await audit.record(tx, by.actor, "certification.reopen", contest, details)
            return number

        reopened = await self._database.transact(work)
        if reopened is None:
            raise SecondPersonNeeded
        return reopened

    async def _sweep(self, snapshot: ContestSnapshot, policy: SweepPolicy, progress: Progress) -> _LastSweep:
        digest = hashlib.sha256()
        ballots = await load_ballot_table(
            self._database, snapshot.contest.id, tick=progress("ballots read"), digest=digest
        )
        progress(f"picks are swept: {len(ballots)}")
        found = await asyncio.to_thread(self._detect, ballots, policy, "certification")
        estimates = await asyncio.to_thread(_excesses, snapshot.contest, ballots, found)
        return _LastSweep(Swept(ballots, found, policy, "certification"), estimates, digest.hexdigest())

    async def _apply(self, contest: str, swept: Swept, progress: Progress) -> Changed:
        tick = progress("ballots decided")
        return await self._decisions.apply(contest, swept, lambda tx: self._check(tx, contest), tick)

    async def _check(self, tx: Connection, contest: str) -> None:
        """Raises Certified, and NotCertifiable while the window is open."""
        await certifications.lock_uncertified_result(tx, contest)
        # Wait for the last ballots under way; none can follow.
        await contests.lock_gates(tx, contest)
        stored = await contests.select(tx, contest)
        if stored is None:
            raise ContestUnknown(f"there is no contest {contest!r}")
        if stored.read_at < stored.window_end:
            ends = local(stored.window_end, stored.contest, "en", seconds=True)
            raise NotCertifiable(f"the window is open until {ends}; certify when it has closed")

    async def _check_decided(self, tx: Connection, snapshot: ContestSnapshot, act: _Act) -> Inputs:
        """Checks like _check, then that no group waits for a second reviewer and the outcome can be computed.

        Returns the result's inputs. Raises NotCertifiable.
        """
        await self._check(tx, snapshot.contest.id)
        await _check_witnessed(tx, snapshot, act)
        if waiting := await self._reviews.undecided(tx, snapshot):
            shown = ", ".join(waiting[:20]) + (", ..." if len(waiting) > 20 else "")
            raise NotCertifiable(
                f"{len(waiting)} groups are large, change places or have voters with a history, and wait for people:"
                f" {shown}; look at each with: voting review show --contest {snapshot.contest.id} GROUP, then release"
                " or void it, those that take two persons with two keys"
            )
        if waiting := await self._cells.undecided(tx, snapshot):
            raise NotCertifiable(
                f"too few voters of {len(waiting)} cells of ballots confirmed, and two persons decide about each:"
                f" {', '.join(waiting[:20])}; look at them with: voting review list --contest {snapshot.contest.id},"
                " then: voting review ask CELL --hours 72, or: voting review accept CELL"
            )
        if growth := await self._growths.undecided(tx, snapshot):
            raise NotCertifiable(growth)
        inputs = await read_inputs(tx, snapshot.contest.id)
        if not act.public_only:
            try:
                compute(inputs.stored.contest, inputs.figures)
            except NotScorable as error:
                raise NotCertifiable(
                    f"the final scores or awards cannot be computed: {error}; or certify the public vote alone:"
                    f" voting certify --contest {snapshot.contest.id} --public-only"
                ) from None
        return inputs

    async def _freeze(
        self, tx: Connection, snapshot: ContestSnapshot, policy: SweepPolicy, digest: str, act: _Act
    ) -> Certification | None:
        contest, by = snapshot.contest.id, act.person.actor
        inputs = await self._check_decided(tx, snapshot, act)
        agreed = await act.agreed(tx, contest)
        if agreed is None:
            # Another proposal has replaced this one meanwhile.
            return None
        await groups.void_open(tx, contest, CERTIFICATION)
        by_entry = inputs.tally
        if wrong := compare(by_entry, await tallies.recount(tx, contest)):
            raise NotCertifiable(
                f"the tally of {len(wrong)} entries is not what their ballots give; run: voting recount --contest "
                f"{contest}"
            )
        if held := sum(tally.held for tally in by_entry.values()):
            raise NotCertifiable(f"{held} picks were held again by a reviewer meanwhile; certify once more")
        # Without versions: a frozen tally has no newer one.
        every = {
            code: replace(by_entry.get(code, Tally()), version=0)
            for code in sorted({*inputs.figures.entries, *by_entry})
        }
        bound = inputs.bound(policy.sha256, digest)
        unwitnessed = act.without_witnesses or not snapshot.contest.witnesses
        draft = Draft(by, policy.version, bound, every, act.public_only, agreed.proposed_by, unwitnessed)
        # The log's last leaf of decisions names policy and roster that the result is certified with.
        by_policy = Authority("certification", CERTIFICATION, policy.version, policy.sha256)
        await bundles.store_file(tx, policy.text.encode())
        roster = await bundles.store_file(tx, roster_csv(inputs.figures.entries.values()))
        await decisions.log_decisions(tx, contest, by_policy, roster_sha256=roster)
        made = await certifications.insert(tx, contest, draft)
        details = {
            "number": made.number,
            "policy_version": policy.version,
            "public_only": act.public_only,
            "without_witnesses": unwitnessed,
            **asdict(bound),
            **agreed.details,
        }
        await audit.record(tx, by, "certification.certify", contest, details)
        return made


async def _check_witnessed(tx: Connection, snapshot: ContestSnapshot, act: _Act) -> None:
    """Raises NotCertifiable if too few witnesses of the contest have cosigned the log with the end of its window."""
    contest = snapshot.contest
    if contest.witnesses and not act.without_witnesses and not await log.is_close_cosigned(tx, contest.id):
        raise NotCertifiable(
            f"fewer than {contest.witness_quorum} of {len(contest.witnesses)} witnesses have cosigned the log with the"
            f" end of the vote; see: voting log status --contest {contest.id}. Without them, which the result will say:"
            f" voting certify --contest {contest.id} --without-witnesses"
        )


async def _set_excesses(tx: Connection, contest: str, excesses: Sequence[ExcessEstimate]) -> None:
    await certifications.lock_uncertified_result(tx, contest)
    await decisions.set_excesses(tx, contest, excesses)


def _excesses(contest: Contest, ballots: pl.DataFrame, found: Sweep) -> list[ExcessEstimate]:
    """Estimates how many counted picks nothing explains, without identifying their ballots."""
    counted = found.prepared.filter(~found.verdicts["hold"].gather(found.prepared["row"]))
    at, entries = (ballots[column].gather(counted["row"]) for column in ("at", "entry"))
    estimates = [ExcessEstimate(*msgspec.structs.astuple(excess)) for excess in excesses(counted, entries)]
    return [*estimates, *_volumes(contest, at, entries)]


def _volumes(contest: Contest, at: pl.Series, entries: pl.Series) -> list[ExcessEstimate]:
    """Returns the grown days, given the moment (ms since 1970) and entry of each counted pick."""
    if at.is_empty():
        return []
    local = pl.from_epoch(at, "ms").dt.replace_time_zone("UTC").dt.convert_time_zone(contest.time_zone).dt.date()
    picks: dict[str, dict[date, int]] = {}
    for entry, day, count in pl.DataFrame({"entry": entries, "day": local}).group_by("entry", "day").len().iter_rows():
        picks.setdefault(entry, {})[day] = count
    first, last = (moment.astimezone(contest.zone).date() for moment in (contest.opens_at, contest.closes_at))
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [
        ExcessEstimate(
            each.entry,
            f"{DAY}{each.day.isoformat()}",
            round(each.beyond),
            round(each.picks - each.usual),
            round(each.picks - each.usual),
        )
        for each in grown_days(days, picks)
    ]


def as_json(made: Certification, contest: str) -> dict[str, object]:
    """Returns the certified result, ready for JSON."""
    head = {
        "number": made.number,
        "certified_at": made.certified_at,
        "actor": made.actor,
        "policy_version": made.policy_version,
        "public_only": made.public_only,
        "without_witnesses": made.without_witnesses,
        "persons": 2 if made.proposed_by else 1,
        "proposed_by": made.proposed_by,
        **asdict(made.bound),
    }
    entries = [
        {
            "entry": entry,
            "raw": tally.raw,
            "held": tally.held,
            "void": tally.raw - tally.held - tally.counted,
            "counted": tally.counted,
            "tiers": tally.by_tier,
        }
        for entry, tally in sorted(made.tallies.items())
    ]
    return {"contest": contest, **head, "entries": entries}
