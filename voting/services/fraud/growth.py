"""Growth that cannot be tied to single ballots: estimates of the last sweep for certification, and people's grounds.

An estimate is of picks that honest voters do not explain (by night, from new tokens), or of a day far above those
before. Nothing is subtracted for it. What may change a place that matters, and a grown day of the whole contest,
needs a written ground before certification: of one person, or of two where accounts may decide about the contest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from voting.domain.language import LANGUAGES, Language
from voting.domain.results.scoring import Tally
from voting.domain.results.stakes import stakes
from voting.errors import NotFound
from voting.fraud.groups import rank_impact
from voting.fraud.groups.rank_impact import Effect, effect
from voting.postgres import tallies
from voting.postgres.database import Connection, Database
from voting.postgres.fraud import decisions, growth
from voting.postgres.fraud.decisions import ExcessEstimate
from voting.postgres.fraud.growth import GrowthDecision
from voting.postgres.results import certifications
from voting.services import audit
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.second_person import Person, check_second, deciders

GrowthAction = Literal["accept", "undo"]
GrowthState = Literal["open", "proposed", "accepted", "noted"]
"""`noted`: it changes no place that matters, so that nobody need decide."""
GrowthOutcome = Literal["decided", "proposed", "withdrawn", "unchanged"]
_ACTS: dict[GrowthOutcome, audit.Action] = {
    "decided": "growth.accept",
    "proposed": "growth.propose",
    "withdrawn": "growth.withdraw",
}
DAY = "day-"
"""The beginning of the sign of a grown day."""
_SIGNS: dict[Language, dict[str, str]] = {
    "zh": {"night": "夜间票数", "fresh": "新设备票数"},
    "en": {"night": "votes at night", "fresh": "votes from new devices"},
}


@dataclass(frozen=True, slots=True)
class Growth:
    """Picks of an entry, or on a day, beyond what is usual, without identifying them.

    `most` is the upper bound of the estimate, among counted picks, and `effect` that of their being void.
    """

    excess: ExcessEstimate
    most: int
    effect: Effect
    decision: GrowthDecision | None
    """The ground that was given or proposed, if it covers as much as there is now."""

    @property
    def id(self) -> str:
        """A name for commands."""
        return "-".join(filter(None, (self.excess.entry, self.excess.sign)))

    @property
    def state(self) -> GrowthState:
        """Whether people must decide."""
        if self.decision:
            return "accepted" if self.decision.is_decided else "proposed"
        return "open" if self.effect.decides or not self.excess.entry else "noted"


class Growths:
    """The growth in each contest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, snapshot: ContestSnapshot) -> tuple[Growth, ...]:
        """Returns what the last sweep for certification found, the largest estimate first."""

        async def work(tx: Connection) -> tuple[Growth, ...]:
            await tx.execute("set transaction isolation level repeatable read, read only")
            return await _all(tx, snapshot)

        return await self._database.transact(work)

    async def decide(
        self, snapshot: ContestSnapshot, ids: Sequence[str], person: Person, action: GrowthAction, reason: str
    ) -> tuple[tuple[str, GrowthOutcome], ...]:
        """Accepts growth with a written ground, or takes that back; returns the outcome of each id.

        Raises NotFound, Certified, Stale, and Forbidden (the person has no account and needs one, or proposed it).
        """
        contest = snapshot.contest.id

        async def work(tx: Connection) -> tuple[tuple[str, GrowthOutcome], ...]:
            await certifications.lock_uncertified_result(tx, contest)
            known = {each.id: each for each in await _all(tx, snapshot)}
            outcomes: list[tuple[str, GrowthOutcome]] = []
            for id in ids:
                if id not in known:
                    raise NotFound(f"there is no growth {id[:64]!r} in this contest; see: voting review list")
                outcome = await _decide(tx, contest, known[id], person, action, reason)
                outcomes.append((id, outcome))
            return tuple(outcomes)

        return await self._database.transact(work)

    async def undecided(self, tx: Connection, snapshot: ContestSnapshot) -> str:
        """Returns what `waiting_in_words` does."""
        return waiting_in_words(await _all(tx, snapshot), snapshot.contest.id)


def in_words(each: Growth, language: Language) -> str:
    """Returns the estimate and its effect as sentences."""
    excess = each.excess
    if excess.sign.startswith(DAY):
        day = excess.sign.removeprefix(DAY)
        if language == "zh":
            said = f"{excess.entry or '整个活动'} 在 {day} 比平常多 {excess.estimate} 票。"
        else:
            said = f"{excess.entry or 'The whole contest'} had {excess.estimate} votes more than usual on {day}."
    else:
        sign, range_ = _SIGNS[language].get(excess.sign, excess.sign), f"{excess.low}–{excess.high}"
        if language == "zh":
            said = f"{excess.entry}：{sign}异常，估计 {excess.estimate} 票（{range_} 票）无法用正常投票解释。"
        else:
            said = (
                f"{excess.entry}: too many {sign}; an estimated {excess.estimate} votes ({range_}) have no honest"
                " explanation."
            )
    effect_ = (
        rank_impact.in_words(each.effect.shifts, {excess.entry: each.most}, language, each.most) if excess.entry else ""
    )
    return f"{said}{'' if language == 'zh' else ' '}{effect_}".rstrip()


def as_json(each: Growth) -> dict[str, Any]:
    """Returns the growth, ready for JSON."""
    moves = {
        language: rank_impact.in_words(each.effect.shifts, {each.excess.entry: each.most}, language, each.most)
        for language in LANGUAGES
    }
    return {
        "id": each.id,
        **each.excess._asdict(),
        "state": each.state,
        "reason": each.decision.reason if each.decision else None,
        "effect": {"shifts": [shift._asdict() for shift in each.effect.shifts], "words": moves},
        "words": {language: in_words(each, language) for language in LANGUAGES},
    }


def to_decide(found: Iterable[Growth]) -> list[Growth]:
    """Returns the growth that waits for people."""
    return [each for each in found if each.state in ("open", "proposed")]


def waiting_in_words(found: Sequence[Growth], contest: str) -> str:
    """Returns which growth waits for a ground or for a second person, and for which command; "" if none does."""
    open_ = [each.id for each in found if each.state == "open"]
    proposed = [each.id for each in found if each.state == "proposed"]
    said = []
    if open_:
        said.append(
            f"nobody has said what explains {len(open_)} cases of growth: {_listed(open_)}; look at them with:"
            f" voting review list --contest {contest}, then give the ground:"
            f" voting review explain {open_[0]} --contest {contest} --reason ..."
        )
    if proposed:
        said.append(
            f"one person has said what explains {len(proposed)} cases of growth, and a second one must agree:"
            f" {_listed(proposed)}; with: voting review explain {proposed[0]} --contest {contest} --reason ..."
        )
    return "\n".join(said)


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:20]) + (", ..." if len(ids) > 20 else "")


async def _all(tx: Connection, snapshot: ContestSnapshot) -> tuple[Growth, ...]:
    contest = snapshot.contest.id
    found, given = await decisions.select_excesses(tx, contest), await growth.select(tx, contest)
    tally = await tallies.select(tx, contest) if found else {}
    counted = {code: tally.get(code, Tally()).counted for code in snapshot.entries}
    at_stake = stakes(snapshot.contest, snapshot.entries)
    every = []
    for excess in found:
        # A reviewer may have voided some of the entry's ballots since the estimate was made.
        most = min(excess.high, counted.get(excess.entry, 0) if excess.entry else sum(counted.values()))
        impact = effect(counted, {excess.entry: most}, most, at_stake, is_counted=True)
        ground = given.get((excess.entry, excess.sign))
        every.append(Growth(excess, most, impact, ground if ground and ground.most >= excess.estimate else None))
    return tuple(sorted(every, key=lambda each: -each.excess.estimate))


async def _decide(
    tx: Connection, contest: str, each: Growth, person: Person, action: GrowthAction, reason: str
) -> GrowthOutcome:
    """Carries out a person's wish about one growth, or proposes it to a second one."""
    names, before, excess = await deciders(tx, contest, person), each.decision, each.excess
    if action == "undo":
        if before is None:
            return "unchanged"
        outcome: GrowthOutcome = "withdrawn"
        await growth.remove(tx, contest, excess.entry, excess.sign)
    elif before and before.is_decided:
        return "unchanged"
    else:
        if before and names:
            check_second(person, Person(before.actor, before.account or "", before.account), names)
        is_decided = before is not None or not names
        outcome = "decided" if is_decided else "proposed"
        ground = GrowthDecision(
            excess.entry, excess.sign, excess.high, reason, person.actor, person.account, is_decided
        )
        await growth.put(tx, contest, ground)
    details = {"growth": each.id, **excess._asdict(), "reason": reason, "was": each.state}
    if before:
        details |= {"proposed_by" if not before.is_decided else "decided_by": before.actor}
    await audit.record(tx, person.actor, _ACTS[outcome], contest, details)
    return outcome
