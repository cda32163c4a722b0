"""A fraud policy: a TOML file of rules with a version, identified by its SHA-256.

The rules give the SHA-256 of their fitted model, a JSON file (voting.fraud.model_file), so the policy's hash binds
both. Web workers need the rules only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from voting.domain.contest.toml_schema import key, line_of, read
from voting.errors import Fault, FileInvalid

if TYPE_CHECKING:
    # It imports numpy and polars, which web workers do not load.
    from voting.fraud.model.model import Model


def _points(help: str) -> Any:
    return key(help, least=0, most=1000)


@dataclass(frozen=True, slots=True)
class Caps:
    """The maximum points of each family, so that no kind of evidence decides alone."""

    N: int = _points("Most points of the network: where it came from.")
    C: int = _points("Most points of the client: what sent it.")
    T: int = _points("Most points of the timing.")
    G: int = _points("Most points of the graph: who else voted for what.")
    A: int = _points("Most points of the age of the device's token.")


@dataclass(frozen=True, slots=True)
class Below:
    """Points for a figure below a bound."""

    below: int = key("The bound.", least=0)
    points: int = _points("Points below it.")


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Points for a count of at least a bound."""

    least: int = key("The bound.", least=1)
    points: int = _points("Points from it on.")


@dataclass(frozen=True, slots=True)
class Headers:
    """Points for the sender of the ballot, by its headers and the page's report."""

    automation: int = _points("C1: the agent is a library, a headless browser or a bot. Replaces C2.")
    hints: int = _points("C2: the client hints contradict the agent.")
    page: int = _points("C2: what the page reported contradicts the headers.")
    channel: int = _points("C2: not the app that the channel needs.")
    missing: int = _points("C2: a header is missing that this agent sends.")
    cross_site: int = _points("C5: another site's page sent the ballot.")
    unproven: int = _points("P1: a challenge was asked for and not solved.")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Points for counts of similar ballots.

    Honest crowds look similar, too: only the heaviest of these counts, and none is a family that can hold.
    """

    prefix: AtLeast = key("N2: ballots of one prefix and fingerprint in ten minutes.")
    burst: AtLeast = key("T5: ballots for one entry from one prefix and fingerprint in ten minutes.")
    fingerprint: AtLeast = key("C3: ballots for one entry of one fingerprint in two hours.")
    surprise: int = key("C3: and this many standard deviations above chance.", least=1)

    @property
    def most(self) -> int:
        """Returns the points of the heaviest."""
        return max(self.prefix.points, self.burst.points, self.fingerprint.points)


@dataclass(frozen=True, slots=True)
class Online:
    """How a ballot is judged when it is cast."""

    challenge: int = key("Points from which a proof of work is asked for.", least=1)
    hold: int = key("Points from which a ballot is held.", least=1)
    families: int = key("Independent families that a hold needs.", least=2, most=5)
    family: int = key("Points from which a family is one of them.", least=1)
    caps: Caps = key("The most points of each family.")
    hosting: int = _points("N1: the address belongs to a hosting network.")
    headers: Headers = key("What sent the ballot.")
    reading: tuple[Below, ...] = key("T1: milliseconds from the page to the ballot; the first that fits.", least=1)
    fresh: Below = key("A1: seconds since the device's token was issued.")
    voters: AtLeast = key("C4: voters of one device in two hours.")
    crowd: Crowd = key("Ballots that are alike.")


def _share(help: str, **more: Any) -> Any:
    return key(help, least=0, most=1, **more)


@dataclass(frozen=True, slots=True)
class StageRules:
    """When a stage of the sweeps holds a ballot."""

    least_probability: float = _share("The least probability of being fraudulent at which a ballot is held.")
    false_discoveries: float = _share("Expected share of honest ballots among those held.")
    loss: float = _share("Expected share of all honest ballots that are held; both bounds together are the limit.")
    least_group: int = key("The least number of ballots of a group.", least=1, most=1_000_000)
    release: float = _share(
        "A held ballot is released below this probability; the rule of task lists holds none below it either."
    )
    ally: float = _share("The least probability at which the rule of shared targets holds a ballot.", default=0.05)


@dataclass(frozen=True, slots=True)
class SweepRules:
    """How recorded ballots are judged again as groups: near-line while the vote is open, and for certification."""

    model: str = key("File of the fitted model, beside this one or packaged.", least=1, most=200)
    model_sha256: str = key("SHA-256 of the model's file.", pattern="[0-9a-f]{64}")
    nearline: StageRules = key("The rounds while the vote is open.")
    certification: StageRules = key("The last pass over all ballots.")
    every_minutes: float = key("Rounds are due at the clock's multiples of this.", default=15.0, least=0.05, most=1440)
    hours: int = key("How far a round looks back.", default=12, least=1, most=8784)
    growth: float = _share("A round waits until its ballots have grown by this share,", default=0.05)
    wait_minutes: float = key("but no longer than this.", default=45.0, least=0, most=10_080)
    past_hours: int = key("How often the history that a round knows is computed.", default=24, least=1, most=8784)
    past_days: int = key("How many days that history has.", default=4, least=0, most=366)

    def past(self, moment: int) -> tuple[int, int]:
        """Returns the bounds of a moment's history in milliseconds: [from, before)."""
        every = self.past_hours * 3_600_000
        end = moment // every * every
        return end - self.past_days * 24 * 3_600_000, end


@dataclass(frozen=True, slots=True)
class Policy:
    """`online` judges a ballot when it is cast; `sweep` judges all of them again later, as groups."""

    version: str
    sha256: str
    text: str
    """The file as it was read."""
    online: Online
    sweep: SweepRules


@dataclass(frozen=True, slots=True)
class SweepPolicy(Policy):
    """A policy with its model loaded."""

    model: Model


@dataclass(frozen=True, slots=True)
class _Document:
    version: str = key("The policy's version, which every decision names.", least=1, most=40)
    online: Online = key("Judges a ballot when it is cast.")
    sweep: SweepRules = key("Judges all of them again later.")


def read_policy(text: str, name: str = "policy") -> Policy:
    """Returns the policy in a TOML file's text. Raises FileInvalid with every fault and its line."""
    document, faults = read(text, _Document)
    if document is not None:
        faults = tuple(_rule_faults(document.online, text))
    if document is None or faults:
        raise FileInvalid(name, faults)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Policy(document.version, sha256, text, document.online, document.sweep)


def _rule_faults(online: Online, text: str) -> list[Fault]:
    """Returns faults for rules with which one family could hold a ballot, or a crowd be challenged for being one."""
    faults = []
    if online.hold < online.challenge:
        mend = f"at least challenge = {online.challenge}"
        faults.append(Fault(line_of(text, "online", "hold"), "online.hold", f"{online.hold} is too small", mend))
    for cap in fields(online.caps):
        if getattr(online.caps, cap.name) >= online.hold:
            where = line_of(text, "online", "caps", cap.name)
            mend = f"below hold = {online.hold}, for no family holds a ballot by itself"
            faults.append(Fault(where, f"online.caps.{cap.name}", "is too large", mend))
    if online.crowd.most + online.fresh.points >= online.challenge:
        where = line_of(text, "online", "crowd")
        mend = f"with fresh.points they must stay below challenge = {online.challenge}: a crowd is no offence"
        faults.append(Fault(where, "online.crowd", "has too large points", mend))
    return faults
