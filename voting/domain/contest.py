"""A contest: its rules as an organiser writes them in one TOML file, and its phase at a moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cached_property
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voting.domain.document import key, line_of, read
from voting.errors import Fault, FileInvalid

Phase = Literal["not_open", "open", "paused", "closed"]
IDENTIFIER = r"[a-z0-9][a-z0-9-]{0,62}"


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which ballots are accepted: [opens_at, closes_at) by the database's clock."""

    opens_at: datetime = key("When voting begins; without an offset, in the contest's time zone.")
    closes_at: datetime | None = key("When voting ends (that moment itself is outside).", default=None)
    days: int | None = key("Instead of closes_at: how many times 24 hours it lasts.", default=None, least=1, most=366)


@dataclass(frozen=True, slots=True)
class Category:
    """A theme or group of entries."""

    id: str = key("Short identifier, used in addresses.", pattern=IDENTIFIER)
    name: str = key("Name in Chinese, as the roster writes it.", least=1, most=60)
    name_en: str = key("Name in English.", default="", most=120)


@dataclass(frozen=True, slots=True)
class BallotRule:
    """What one ballot may hold."""

    least: int = key("Fewest picks on one ballot.", default=1, least=1, most=100)
    most: int = key("Most picks on one ballot.", default=1, least=1, most=100)
    repeats: bool = key("Whether one ballot may pick the same entry more than once.", default=False)


@dataclass(frozen=True, slots=True)
class Quota:
    """How many picks, or ballots, a voter has, for what, in which period of the contest's time zone."""

    picks: int | None = key("How many picks.", default=None, least=1, most=1000)
    ballots: int | None = key("Instead of picks: how many ballots.", default=None, least=1, most=1000)
    per: Literal["contest", "category", "entry"] = key("What the picks are counted for.", default="contest")
    period: Literal["window", "week", "day", "hour", "sliding"] = key(
        "Calendar period in the contest's time zone; `window` is the whole vote, `sliding` any `minutes` in a row.",
        default="window",
    )
    minutes: int | None = key("For `sliding`: the interval's length.", default=None, least=1, most=100_000)

    @property
    def limit(self) -> int:
        """How many."""
        return self.picks or self.ballots or 0

    @property
    def unit(self) -> Literal["picks", "ballots"]:
        """Of what."""
        return "picks" if self.picks else "ballots"


@dataclass(frozen=True, slots=True)
class Display:
    """What voters may see of the tally while voting goes on."""

    policy: Literal["live", "delayed", "daily", "hidden"] = key("How results are shown.", default="live")
    minutes: int = key("For `delayed`: the tally is renewed every so many minutes.", default=5, least=1, most=1440)
    at: time = key("For `daily`: the local time at which the tally is renewed.", default=time(18))


@dataclass(frozen=True, slots=True)
class ChallengeRule:
    """When a proof of work is asked for (ALTCHA; it prices scripts, it does not identify people)."""

    ask: Literal["registration", "ballot"] = key(
        "`registration`: once, for the credential; `ballot`: for every ballot too.", default="registration"
    )


@dataclass(frozen=True, slots=True)
class PublicPoints:
    """How counted picks become public points."""

    normaliser: Literal["linear_to_leader"] = key(
        "`linear_to_leader`: points x picks / most picks.", default="linear_to_leader"
    )
    points: int = key("What the leader gets.", default=100, least=1, most=1000)
    places: int = key("Decimal places in the result; half rounds up.", default=4, least=0, most=12)


@dataclass(frozen=True)
class Contest:
    """One public vote with its rules."""

    id: str = key("Short identifier, used in addresses and commands.", pattern=IDENTIFIER)
    title: str = key("Title in Chinese.", least=1, most=120)
    host: str = key("Who holds the contest.", least=1, most=120)
    window: Window = key("The voting window.")
    categories: tuple[Category, ...] = key("Themes or groups of entries.", name="category", least=1)
    quotas: tuple[Quota, ...] = key("Limits on a voter's picks; all of them hold.", name="quota", least=1)
    title_en: str = key("Title in English.", default="", most=200)
    host_en: str = key("The host in English.", default="", most=200)
    time_zone: str = key("IANA time zone of every local time and calendar period.", default="Asia/Shanghai")
    ballot: BallotRule = key("What one ballot may hold.", default=BallotRule())
    display: Display = key("What voters see of the tally.", default=Display())
    challenge: ChallengeRule = key("When a proof of work is asked for.", default=ChallengeRule())
    public_points: PublicPoints = key("How picks become points.", default=PublicPoints())

    @cached_property
    def zone(self) -> ZoneInfo:
        """The contest's time zone."""
        return ZoneInfo(self.time_zone)

    @cached_property
    def opens_at(self) -> datetime:
        """The first moment of the window."""
        return _placed(self.window.opens_at, self.zone)

    @cached_property
    def closes_at(self) -> datetime:
        """The first moment after the window."""
        if self.window.closes_at is not None:
            return _placed(self.window.closes_at, self.zone)
        return self.opens_at + timedelta(days=self.window.days or 0)

    def within(self, window: Window) -> Contest:
        """The same contest with another window."""
        return replace(self, window=window)

    def opening(self, moment: datetime) -> Contest:
        """The same contest with its window moved to begin at `moment`, as long as before."""
        return self.within(Window(moment, moment + (self.closes_at - self.opens_at)))

    def phase(self, now: datetime, paused: bool = False) -> Phase:
        """Whether ballots are accepted at `now`."""
        if now < self.opens_at:
            return "not_open"
        if now >= self.closes_at:
            return "closed"
        return "paused" if paused else "open"


def read_contest(text: str, name: str = "contest file") -> Contest:
    """The contest that `text` (TOML) describes. Raises FileInvalid with every fault and its line."""
    contest, faults = read(text, Contest)
    if contest is not None:
        try:
            faults = tuple(_rule_faults(contest, text))
        except OverflowError:
            where = line_of(text, "window", "opens_at")
            faults = (Fault(where, "window", "lies outside the calendar", "write the years of the vote"),)
    if contest is None or faults:
        raise FileInvalid(name, faults)
    return contest


def _placed(moment: datetime, zone: ZoneInfo) -> datetime:
    """`moment` in UTC; a moment without offset is local. In an overlap the first reading is taken (fold 0)."""
    local = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return local.astimezone(UTC)


def _rule_faults(contest: Contest, text: str) -> list[Fault]:
    if not _is_zone(contest.time_zone):
        where = line_of(text, "time_zone")
        return [Fault(where, "time_zone", f"{contest.time_zone!r} is not a time zone", "such as Asia/Shanghai")]
    return [*_window_faults(contest, text), *_ballot_faults(contest, text), *_category_faults(contest, text)]


def _is_zone(name: str) -> bool:
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _window_faults(contest: Contest, text: str) -> list[Fault]:
    window, where = contest.window, line_of(text, "window", "closes_at")
    if (window.closes_at is None) == (window.days is None):
        return [Fault(line_of(text, "window"), "window", "must end in one way", "give closes_at or days, not both")]
    if contest.closes_at <= contest.opens_at:
        return [Fault(where, "window.closes_at", "is not after opens_at", "let the window end after it begins")]
    return []


def _ballot_faults(contest: Contest, text: str) -> list[Fault]:
    rule, faults = contest.ballot, []
    if rule.least > rule.most:
        where = line_of(text, "ballot", "least")
        faults.append(Fault(where, "ballot.least", f"{rule.least} is more than most = {rule.most}", "raise `most`"))
    for index, quota in enumerate(contest.quotas):
        if what := _quota_fault(quota):
            faults.append(Fault(line_of(text, "quota", index), f"quota[{index + 1}]", *what))
        elif quota.per == "contest" and quota.picks is not None and quota.picks < rule.least:
            where = line_of(text, "quota", index, "picks")
            mend = f"give at least {rule.least} picks or lower ballot.least"
            faults.append(Fault(where, f"quota[{index + 1}].picks", "no ballot could fit into this quota", mend))
    return faults


def _quota_fault(quota: Quota) -> tuple[str, str] | None:
    if (quota.picks is None) == (quota.ballots is None):
        return "counts picks or ballots", "give one of them: picks = 5, or ballots = 1"
    if quota.ballots is not None and quota.per != "contest":
        return "counts ballots, which are of the whole contest", "leave `per` out, or count picks"
    if (quota.period == "sliding") != (quota.minutes is not None):
        return "needs `minutes` for a sliding interval, and only there", 'write period = "sliding" with minutes = 5'
    return None


def _category_faults(contest: Contest, text: str) -> list[Fault]:
    faults, seen = [], set[str]()
    for index, category in enumerate(contest.categories):
        for attribute in ("id", "name"):
            value = getattr(category, attribute)
            if f"{attribute}:{value}" in seen:
                where = line_of(text, "category", index, attribute)
                place = f"category[{index + 1}].{attribute}"
                faults.append(Fault(where, place, f"{value!r} stands twice", "give each category its own"))
            seen.add(f"{attribute}:{value}")
    return faults
