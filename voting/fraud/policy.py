"""A fraud policy: a file with a version, known by its hash. Weights are data; nothing is learnt while it runs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, fields
from typing import Any

from voting.domain.contest.toml_schema import key, line_of, read
from voting.errors import Fault, FileInvalid


def _points(help: str) -> Any:
    return key(help, least=0, most=1000)


@dataclass(frozen=True, slots=True)
class Caps:
    """The most points that each family gives, whatever is found: no kind of evidence decides by itself."""

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
    """Points for a count from a bound on."""

    least: int = key("The bound.", least=1)
    points: int = _points("Points from it on.")


@dataclass(frozen=True, slots=True)
class Headers:
    """Points for what sent the ballot, by its headers and what the page reported."""

    automation: int = _points("C1: the agent is a library, a headless browser or a bot. Replaces C2.")
    hints: int = _points("C2: the client hints contradict the agent.")
    page: int = _points("C2: what the page reported contradicts the headers.")
    channel: int = _points("C2: not the app that the channel needs.")
    missing: int = _points("C2: a header is missing that this agent sends.")
    cross_site: int = _points("C5: another site's page sent the ballot.")
    unproven: int = _points("P1: a challenge was asked for and not solved.")


@dataclass(frozen=True, slots=True)
class Crowd:
    """Points for counts of ballots that are alike.

    Honest crowds look so too: only the heaviest of these weighs, and none of them is one of the families of a hold.
    """

    prefix: AtLeast = key("N2: ballots of one prefix and fingerprint in ten minutes.")
    burst: AtLeast = key("T5: ballots for one entry from one prefix and fingerprint in ten minutes.")
    fingerprint: AtLeast = key("C3: ballots for one entry of one fingerprint in two hours.")
    surprise: int = key("C3: and so many standard deviations above what chance gives.", least=1)

    @property
    def most(self) -> int:
        """The points of the heaviest."""
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


@dataclass(frozen=True, slots=True)
class Policy:
    """`online` judges a ballot when it is cast, `sweep` all of them again later, as a group."""

    version: str
    sha256: str
    online: Online
    sweep: dict[str, Any]
    """Read further by sweep_rules(), which brings polars: who only judges what is cast does without."""
    name: str
    text: str
    """The file's, for the lines of its faults."""


@dataclass(frozen=True, slots=True)
class _Document:
    version: str = key("The policy's version, which every decision names.", least=1, most=40)
    online: Online = key("Judges a ballot when it is cast.")
    sweep: dict[str, Any] = key("Judges all of them again later.")


def read_policy(text: str, name: str = "policy") -> Policy:
    """The policy of a TOML file's text. Raises FileInvalid with every fault and its line; of the sweep part, which
    sweep_rules() checks, only where there is none."""
    document, faults = read(text, _Document)
    if document is not None:
        faults = tuple(_rule_faults(document.online, text))
    if document is None or faults:
        raise FileInvalid(name, faults)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    return Policy(document.version, sha256, document.online, document.sweep, name, text)


def _rule_faults(online: Online, text: str) -> list[Fault]:
    """What would let a single family hold, or a crowd be challenged for being one."""
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
