"""The tables of a contest file: the keys an organiser may write, and their meaning."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Literal

from voting.domain.contest.toml_schema import key
from voting.domain.identity.channel import SHARED_IDENTITIES, Channel, SharedIdentity
from voting.domain.identity.tier import Tier

IDENTIFIER = r"[a-z0-9][a-z0-9-]{0,62}"
_SOURCES = r"public|votes|final|round:[a-z0-9-]+|metric:[a-z0-9-]+"


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which ballots are accepted: [opens_at, closes_at) by the database's clock."""

    opens_at: datetime = key(
        "When voting begins; without an offset, in the contest's time zone. Where there is no public vote: when the "
        "rules are sealed."
    )
    closes_at: datetime | None = key("When voting ends (that moment itself is outside).", default=None)
    closes_on: date | None = key("Instead of closes_at: the last day, the whole of it, until 24:00.", default=None)
    days: int | None = key("Instead of closes_at: how many times 24 hours it lasts.", default=None, least=1, most=366)


@dataclass(frozen=True, slots=True)
class Category:
    """A theme or group of entries."""

    id: str = key("Short identifier, used in addresses.", pattern=IDENTIFIER)
    name: str = key("Name in Chinese, as the roster writes it.", least=1, most=60)
    name_en: str = key("Name in English.", default="", most=120)


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of a phase for one channel or region, if it differs."""

    closes_on: date = key("The last day, until 24:00.")
    channel: str = key("For whom: the channel, as the document names it.", default="", most=60)
    region: str = key("For whom: the region, as the document names it.", default="", most=60)


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the contest, for its calendar. The vote itself is `[window]`."""

    name: str = key("Its name.", least=1, most=60)
    name_en: str = key("Its name in English.", default="", most=120)
    opens_on: date | None = key("The first day.", default=None)
    closes_on: date | None = key(
        "The last day, until 24:00. With neither day the phase is to be announced (另行通知).", default=None
    )
    note: str = key("What else the document says of it.", default="", most=200)
    deadlines: tuple[Deadline, ...] = key("Ends that differ by channel or region.", name="deadline", default=())


@dataclass(frozen=True, slots=True)
class VoterRule:
    """Who may vote."""

    channels: tuple[Channel, ...] = key(
        "How voters come in, in the order in which the page offers it; `issued`: with a credential that the organiser "
        "gives to people it has checked; none, written as []: there is no public vote.",
        default=("web", "issued"),
    )
    one_person_across: tuple[Channel, ...] | None = key(
        "Channels in which a person has one quota together, as far as an identity is the same in both (WeChat's "
        "unionid, else a verified phone number). Without this key: all channels.",
        default=None,
    )
    apart: tuple[Tier, ...] = key(
        "Tiers of credentials whose picks have a tally of their own and decide no place: `issued` by the "
        "organiser, `rated` (mini program, with WeChat's risk rank), `wechat`, `verified` (phone or an "
        "organisation's login), `web`. Without this key all tiers count together.",
        default=(),
    )

    def joins(self, channel: Channel) -> bool:
        """Whether a person of this channel is recognised in the others that also join."""
        return channel in (self.channels if self.one_person_across is None else self.one_person_across)

    def shared_by(self, channel: Channel) -> frozenset[SharedIdentity]:
        """Returns the identities by which a person of this channel is recognised in others of this contest."""
        return SHARED_IDENTITIES[channel] if self.joins(channel) else frozenset()

    @property
    def needs_unionid(self) -> bool:
        """Whether WeChat's page must ask for the unionid: only that is the same in the mini program."""
        both: tuple[Channel, ...] = ("wechat", "mini_program")
        return all(channel in self.channels and self.joins(channel) for channel in both)


@dataclass(frozen=True, slots=True)
class VerificationRule:
    """A random sample of voters who are asked to confirm, through another channel, that they are people."""

    share: float = key(
        "The share of each day's voters who are asked, each once at most, such as 0.035.",
        least=0.001,
        most=1,
    )
    by: tuple[Literal["phone", "wechat", "mini_program", "oidc"], ...] = key(
        "The channels through which a voter may confirm; they need not be channels of the vote.", least=1
    )
    codes: int = key(
        "How many codes are sent to phones for it in the whole contest, because each costs the organiser.",
        default=5000,
        least=0,
        most=10_000_000,
    )
    telephone: str = key(
        "The organiser's telephone, shown to who is asked and has no phone or cannot use the page.",
        default="",
        pattern=r"(\+?[0-9][0-9 ()/-]{3,38}[0-9])?",
    )
    identified: float | None = key(
        "The share of those who signed in to vote, and thus cost more to invent, such as 0.005; without it `share`.",
        default=None,
        least=0,
        most=1,
    )

    def share_of(self, channel: Channel) -> float:
        """Returns the share of a day's voters of `channel` who are asked."""
        return self.share if channel == "web" or self.identified is None else self.identified

    def ways(self, channel: Channel) -> tuple[Channel, ...]:
        """Returns the channels through which a voter of `channel` may confirm; none: the voter is never asked."""
        # The organiser has checked these.
        return () if channel == "issued" else tuple(way for way in self.by if way != channel)


@dataclass(frozen=True, slots=True)
class PrivacyNotice:
    """The contest's own notice of what is stored of voters; without it the program's is shown."""

    version: str = key("Its version, such as 1 or 2026-08.", least=1, most=40)
    notice: str = key("What is stored, why, how long and by whom; how to ask and complain.", least=1, most=4000)
    notice_en: str = key("The same in English.", default="", most=8000)


@dataclass(frozen=True, slots=True)
class PlayerSite:
    """A video site whose player a page shows once its reader presses play, and not before."""

    name: str = key("What people call it, such as 哔哩哔哩.", least=1, most=60)
    host: str = key(
        "The host of its player, such as player.bilibili.com, v.qq.com or player.youku.com.",
        pattern=r"[a-z0-9-]+(\.[a-z0-9-]+)+(:[0-9]{1,5})?",
        most=120,
    )


@dataclass(frozen=True, slots=True)
class Witness:
    """An outsider, such as a notary's office, who cosigns the public log while it is only appended to."""

    name: str = key("Short name, as the log's policy has it.", pattern=IDENTIFIER)
    vkey: str = key("Its public key, as `voting witness key` or another witness prints it: name+id+key.", most=300)
    url: str = key("Where checkpoints are sent (its submission prefix).", pattern=r"https?://[^\s?#@]+", most=300)


@dataclass(frozen=True, slots=True)
class Publication:
    """The list shown for objections before it is final (公示)."""

    days: int = key("How long it is shown.", least=1, most=90)
    working_days: bool = key("Whether only working days count.", default=False)
    real_name: bool = key("Whether an objector must give the real name and evidence.", default=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """A gap in the published document and how it was read; shown with the rules until the organiser confirms it."""

    clause: str = key("The document's place or words.", least=1, most=200)
    taken: str = key("What was taken.", least=1, most=300)
    taken_en: str = key("The same in English.", default="", most=400)


@dataclass(frozen=True, slots=True)
class BallotRule:
    """What one ballot may contain."""

    least: int = key("Fewest picks on one ballot.", default=1, least=1, most=100)
    most: int = key("Most picks on one ballot.", default=1, least=1, most=100)
    repeats: bool = key("Whether one ballot may pick the same entry more than once.", default=False)


@dataclass(frozen=True, slots=True)
class Quota:
    """How many picks or ballots a voter has, for what, in which period of the contest's time zone."""

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
        """The number of picks or ballots allowed."""
        return self.picks or self.ballots or 0

    @property
    def unit(self) -> Literal["picks", "ballots"]:
        """What is counted."""
        return "picks" if self.picks else "ballots"


DisplayPolicy = Literal["live", "delayed", "daily", "hidden"]


@dataclass(frozen=True, slots=True)
class Display:
    """What voters may see of the tally during voting."""

    policy: DisplayPolicy = key("How results are shown.", default="live")
    minutes: int = key("For `delayed`: minutes between two updates of the tally.", default=5, least=1, most=1440)
    at: time = key("For `daily`: the local time at which the tally is renewed.", default=time(18))


@dataclass(frozen=True, slots=True)
class ChallengeRule:
    """When a proof of work is required (ALTCHA: it makes scripts pay, it does not identify people)."""

    ask: Literal["registration", "ballot"] = key(
        "`registration`: once, for the credential; `ballot`: for every ballot too.", default="registration"
    )


REQUIRED_COLUMNS = ("code", "title", "author")
OWN_COLUMNS = (*REQUIRED_COLUMNS, "category", "summary", "cover", "video")
"""The columns of a roster that need no [[entry_check]]."""

MEASURED_KINDS = ("duration", "resolution", "ratio", "container", "size")
"""The kinds of entry checks whose values can be read from a media file."""


@dataclass(frozen=True, slots=True)
class EntryCheck:
    """One requirement on every entry, checked on a column of the roster."""

    column: str = key("The roster's column; one that is not the roster's own is allowed by naming it here.", least=1)
    kind: Literal[
        "filled", "number", "text", "one_of", "pattern", "resolution", "ratio", "duration", "container", "size"
    ] = key(
        "`filled`: not empty; `number`: least to most; `text`: least to most characters; `one_of`: one of values; "
        "`pattern`: matches; `resolution`: as 1920x1080, its shorter side least or more; `ratio`: as 1920x1080, one of "
        "values such as 16:9; `duration`: seconds or MM:SS, least to most seconds; `container`: one of values such as "
        "mp4; `size`: as 12 or 12.5, least to most megabytes of 1,000,000 bytes. The last five are measured from the "
        "files too, where `media` names them.",
        default="filled",
    )
    least: int | None = key("Lower bound.", default=None, least=0)
    most: int | None = key("Upper bound.", default=None, least=0)
    values: tuple[str, ...] = key("For `one_of`, `ratio` and `container`.", default=())
    pattern: str = key("For `pattern`: a regular expression for the whole cell.", default="")
    form: str = key("For `pattern`: the form in words, as voters and entrants read it.", default="", most=200)
    categories: tuple[str, ...] = key("Only for entries of these categories; otherwise for all.", default=())
    needed: bool = key("Whether an empty cell is a fault.", default=True)
    column_en: str = key("What the column holds, in English.", default="", most=120)


@dataclass(frozen=True, slots=True)
class Nomination:
    """How many entries a recommender may send in. With several ways, the roster's column `nomination` names one."""

    id: str = key("Short identifier, as the roster's column `nomination` has it.", pattern=IDENTIFIER)
    name: str = key("Its name.", least=1, most=60)
    per: Literal["recommender", "recommender_category"] = key(
        "Counted for each recommender (the roster's column `recommender`), or for each and category.",
        default="recommender",
    )
    least: int = key("Fewest entries of a recommender that sends any.", default=0, least=0)
    most: int | None = key("Most entries of a recommender.", default=None, least=1)
    most_percent: int | None = key(
        "Of all entries of the roster, most that one recommender may have.", default=None, least=1, most=100
    )
    ranked: bool = key("Whether the column `order` must number a recommender's entries from 1.", default=False)
    name_en: str = key("Its name in English.", default="", most=200)


@dataclass(frozen=True, slots=True)
class Unique:
    """A column in which one value may occur a limited number of times, such as the first author."""

    column: str = key("The roster's column.", least=1)
    most: int = key("How often.", default=1, least=1)
    nominations: tuple[str, ...] = key("Only among entries of these ways of nomination; otherwise all.", default=())


@dataclass(frozen=True, slots=True)
class PublicPoints:
    """How counted picks become public points."""

    normaliser: Literal["linear_to_leader", "rank_linear", "rank_step", "share", "min_max", "percentile"] = key(
        "How picks become points; `voting contest explain` says the formula.", default="linear_to_leader"
    )
    points: int = key("What the first gets.", default=100, least=1, most=1000)
    steps: tuple[int, ...] = key("For `rank_step`: the points of the first, the second and so on.", default=())
    scope: Literal["all", "finalists"] = key(
        "Among whom picks are compared: all entries, or those that the last cut has left.", default="all"
    )
    ties: Literal["shared", "mean"] = key(
        "Equal picks in a ranking normaliser: `shared` place, or the `mean` of the band of places.", default="shared"
    )
    places: int = key("Decimal places in the result; half rounds up.", default=4, least=0, most=12)


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion that judges mark."""

    name: str = key("Its name, as the marks' file has it.", least=1, most=60)
    weight: int | None = key(
        "Percent. Where the document gives none, leave it out: scoring waits until the organiser sets it.",
        default=None,
        least=1,
        most=100,
    )
    categories: tuple[str, ...] = key("Only for entries of these categories; otherwise for all.", default=())
    name_en: str = key("Its name in English.", default="", most=200)

    def marks(self, category: str) -> bool:
        """Whether entries of `category` are marked by this criterion."""
        return not self.categories or category in self.categories


@dataclass(frozen=True, slots=True)
class Round:
    """One round of experts' marks."""

    id: str = key("Short identifier.", pattern=IDENTIFIER)
    name: str = key("Its name.", least=1, most=60)
    criteria: tuple[Criterion, ...] = key("What is marked.", name="criterion", least=1)
    full: int = key("The highest mark of each criterion.", default=100, least=1, most=1000)
    drop_highest: int = key("How many of an entry's highest totals are dropped.", default=0, least=0, most=10)
    drop_lowest: int = key("How many of an entry's lowest totals are dropped.", default=0, least=0, most=10)
    name_en: str = key("Its name in English.", default="", most=200)

    def rubric(self, category: str) -> tuple[Criterion, ...]:
        """Returns the criteria for entries of `category`."""
        return tuple(criterion for criterion in self.criteria if criterion.marks(category))


@dataclass(frozen=True, slots=True)
class Metric:
    """A figure from outside, such as clicks. Entries' figures are compared to the highest among those left."""

    id: str = key("Short identifier.", pattern=IDENTIFIER)
    name: str = key("Its name.", least=1, most=60)
    of: Literal["entry", "organisation"] = key("What has the figure; an organisation by its name.", default="entry")
    name_en: str = key("Its name in English.", default="", most=200)


@dataclass(frozen=True, slots=True)
class Cut:
    """One step of the funnel: which entries go on."""

    by: str = key("What decides: public, votes, round:ID or metric:ID.", pattern=_SOURCES)
    keep: int = key("How many go on.", least=1, most=100_000)
    ties: Literal["include", "order"] = key("Equals at the cut: all go on, or `order` decides.", default="include")
    order: tuple[str, ...] = key("For ties = `order`: what decides next, then next.", default=())


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the final score."""

    source: str = key("public, round:ID or metric:ID.", pattern=_SOURCES)
    points: int = key("What this part gives at most.", least=1, most=1000)


@dataclass(frozen=True, slots=True)
class Blend:
    """How the parts make the final score, which is their sum."""

    parts: tuple[Part, ...] = key("The parts.", name="part", least=1)
    places: int = key("Decimal places in the result; half rounds up.", default=4, least=0, most=12)


@dataclass(frozen=True, slots=True)
class Award:
    """One award. Awards are given in the order of the file."""

    id: str = key("Short identifier.", pattern=IDENTIFIER)
    name: str = key("Its name.", least=1, most=60)
    by: str = key("What decides: final, public, votes, round:ID or metric:ID.", pattern=_SOURCES, default="final")
    count: int | None = key(
        "How many; left out where the document leaves it open (若干): none are given then.",
        default=None,
        least=0,
        most=100_000,
    )
    percent: int | None = key("Instead of count: of those left, rounded down.", default=None, least=1, most=100)
    categories: tuple[str, ...] = key("Only for entries of these categories; otherwise for all.", default=())
    per_category: bool = key("The number is for each category.", default=False)
    among: Literal["finalists", "all"] = key("Who may get it.", default="finalists")
    excludes: tuple[str, ...] = key("Awards that a winner of this one may not hold.", default=())
    ties: Literal["include", "order"] = key(
        "Equals at the last place: all get it, or `order` decides.", default="order"
    )
    order: tuple[str, ...] = key("What decides between equals, then next.", default=())
    name_en: str = key("Its name in English.", default="", most=200)


@dataclass(frozen=True, slots=True)
class Merit:
    """A figure that counts for an organisation that recommends entries."""

    source: str = key(
        "`entries` that it recommended, `finalists` among them, `awards` that they hold, or metric:ID.",
        pattern=r"entries|finalists|awards|metric:[a-z0-9-]+",
    )
    each: int = key("Points for each one.", least=1, most=1000)


@dataclass(frozen=True, slots=True)
class OrganisationAward:
    """An award for organisations that recommend entries (the roster's column `recommender`), by the sum of their
    merits.
    """

    id: str = key("Short identifier.", pattern=IDENTIFIER)
    name: str = key("Its name.", least=1, most=60)
    merits: tuple[Merit, ...] = key("What counts, and how much.", name="merit", least=1)
    count: int | None = key(
        "How many; left out where the document leaves it open: none are given then.", default=None, least=0, most=10_000
    )
    nominations: tuple[str, ...] = key("Only by entries of these ways of nomination; otherwise all.", default=())
    ties: Literal["include", "order"] = key(
        "Equals at the last place: all get it, or `order` decides.", default="include"
    )
    order: tuple[str, ...] = key("What decides between equals, then next: sources as of merits.", default=())
    name_en: str = key("Its name in English.", default="", most=200)
