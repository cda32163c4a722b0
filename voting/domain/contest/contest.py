"""A contest: its rules as read from one TOML file, and its phase at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo

from voting.domain.contest.schema import (
    IDENTIFIER,
    Award,
    BallotRule,
    Blend,
    Category,
    ChallengeRule,
    Cut,
    Display,
    EntryCheck,
    Metric,
    Nomination,
    OrganisationAward,
    Phase,
    PlayerSite,
    PrivacyNotice,
    Publication,
    PublicPoints,
    Quota,
    Reading,
    Round,
    Unique,
    VerificationRule,
    VoterRule,
    Window,
    Witness,
)
from voting.domain.contest.signer import Signer
from voting.domain.contest.toml_schema import key
from voting.errors import ContestPaused, VotingError, WindowClosed, WindowNotOpen

WindowPhase = Literal["not_open", "open", "paused", "closed"]


@dataclass(frozen=True)
class Contest:
    """One public vote with its rules."""

    id: str = key("Short identifier, used in addresses and commands.", pattern=IDENTIFIER)
    title: str = key("Title in Chinese.", least=1, most=120)
    host: str = key("Who holds the contest.", least=1, most=120)
    window: Window = key("The voting window.")
    quotas: tuple[Quota, ...] = key("Limits on a voter's picks; all of them hold.", name="quota", least=1)
    categories: tuple[Category, ...] = key("Themes or groups of entries.", name="category", default=())
    title_en: str = key("Title in English.", default="", most=200)
    host_en: str = key("The host in English.", default="", most=200)
    time_zone: str = key("IANA time zone of every local time and calendar period.", default="Asia/Shanghai")
    phases: tuple[Phase, ...] = key("The other phases, in order.", name="phase", default=())
    voters: VoterRule = key("Who may vote.", default=VoterRule())
    verification: VerificationRule | None = key("A random sample of voters who are asked to confirm.", default=None)
    ballot: BallotRule = key("What one ballot may hold.", default=BallotRule())
    display: Display = key("What voters see of the tally.", default=Display())
    challenge: ChallengeRule = key("When a proof of work is asked for.", default=ChallengeRule())
    public_points: PublicPoints = key("How picks become points.", default=PublicPoints())
    tags: int = key("How many further categories an entry may name in the roster's column `tags`.", default=0, most=20)
    entry_checks: tuple[EntryCheck, ...] = key("What entries must fulfil.", name="entry_check", default=())
    nominations: tuple[Nomination, ...] = key("Ways of nomination and their quotas.", name="nomination", default=())
    uniques: tuple[Unique, ...] = key("Columns whose values are limited.", name="unique", default=())
    past_winners: str = key("The column by which past winners (a file for `roster check`) are excluded.", default="")
    media: str = key(
        "The roster's column that names an entry's media file, for `roster check --media FOLDER`.", default=""
    )
    players: tuple[PlayerSite, ...] = key(
        "Video sites whose players show entries' videos, after a click.", name="player", default=()
    )
    changeable: tuple[Literal["extension", "withdrawal", "display"], ...] = key(
        "What may still change once the rules are sealed: a later end of the window, the withdrawal of an entry,"
        " what voters see of the tally.",
        default=(),
    )
    sanctions: tuple[str, ...] = key("The ladder of sanctions, in words, first to last.", default=())
    publication: Publication | None = key("The time for objections.", default=None)
    privacy: PrivacyNotice | None = key("The notice of what is stored of voters.", default=None)
    witnesses: tuple[Witness, ...] = key("Outsiders who cosign the public log.", name="witness", default=())
    quorum: int | None = key(
        "How many of the witnesses must cosign; without this key more than half.", default=None, least=1, most=32
    )
    signers: tuple[Signer, ...] = key("Persons who sign the certified result; two must.", name="signer", default=())
    readings: tuple[Reading, ...] = key("Gaps of the document and how they were read.", name="reading", default=())
    rounds: tuple[Round, ...] = key("Rounds of experts' marks.", name="round", default=())
    metrics: tuple[Metric, ...] = key("Figures from outside.", name="metric", default=())
    cuts: tuple[Cut, ...] = key("The funnel, step by step.", name="cut", default=())
    blend: Blend | None = key("How the final score is made.", default=None)
    awards: tuple[Award, ...] = key("The awards, in the order in which they are given.", name="award", default=())
    organisation_awards: tuple[OrganisationAward, ...] = key(
        "Awards for those who recommend entries.", name="organisation_award", default=()
    )

    @cached_property
    def zone(self) -> ZoneInfo:
        """The contest's time zone."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def category_ids(self) -> tuple[str, ...]:
        """The ids that an entry's category may have: only the empty one if the contest has no categories."""
        return tuple(category.id for category in self.categories) or ("",)

    @cached_property
    def opens_at(self) -> datetime:
        """The first moment of the window."""
        return _placed(self.window.opens_at, self.zone)

    @cached_property
    def closes_at(self) -> datetime:
        """The first moment after the window."""
        if self.window.closes_at is not None:
            return _placed(self.window.closes_at, self.zone)
        if self.window.closes_on is not None:
            return end_of_day(self.window.closes_on, self.zone)
        return self.opens_at + timedelta(days=self.window.days or 0)

    @property
    def witness_quorum(self) -> int:
        """How many of the witnesses must cosign the log."""
        return self.quorum or len(self.witnesses) // 2 + 1

    @property
    def public_vote(self) -> bool:
        """Whether there is a public vote: without a channel nobody can vote, and the experts alone decide."""
        return bool(self.voters.channels)

    def within(self, window: Window) -> Contest:
        """Returns the same contest with another window."""
        return replace(self, window=window)

    def showing(self, display: Display) -> Contest:
        """Returns the same contest with another display of its tally."""
        return replace(self, display=display)

    def opening(self, moment: datetime) -> Contest:
        """Returns the same contest with its window, of the same length, starting at `moment`."""
        return self.within(Window(moment, moment + (self.closes_at - self.opens_at)))

    def phase(self, now: datetime, paused: bool = False) -> WindowPhase:
        """Returns the window's phase at `now`; ballots are accepted in `open` only."""
        if now < self.opens_at:
            return "not_open"
        if now >= self.closes_at:
            return "closed"
        return "paused" if paused else "open"

    def check_window(self, now: datetime, paused: bool = False) -> None:
        """Raises WindowNotOpen, WindowClosed or, if `paused`, ContestPaused, with the window's times."""
        refusal = _REFUSALS.get(self.phase(now, paused))
        if refusal:
            opens, closes, here = (moment.astimezone(self.zone) for moment in (self.opens_at, self.closes_at, now))
            raise refusal(opens_at=opens, closes_at=closes, server_time=here)


_REFUSALS: dict[WindowPhase, type[VotingError]] = {
    "not_open": WindowNotOpen,
    "closed": WindowClosed,
    "paused": ContestPaused,
}


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Returns 24:00 of a local day in UTC: the first moment of the next day."""
    return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)


def _placed(moment: datetime, zone: ZoneInfo) -> datetime:
    """Returns `moment` in UTC; without an offset it is local time, in an overlap the first reading (fold 0)."""
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return local.astimezone(UTC)
