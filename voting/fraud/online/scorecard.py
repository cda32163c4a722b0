"""Judges one ballot when it is cast: allow, challenge or hold, by points of independent families."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from voting.fraud.facts.facts import Counts, Facts
from voting.fraud.online.signals import Signal, crowd, own
from voting.fraud.policy import Online
from voting.fraud.reasons.reasons import Family, family_of

Response = Literal["allow", "challenge", "hold"]


class Judgement(msgspec.Struct, frozen=True):
    """`reasons`: sorted codes; empty if the ballot is allowed.

    `points`: by family, capped; empty for ballots allowed at first glance, which are nearly all.
    """

    response: Response
    reasons: tuple[str, ...]
    points: Mapping[Family, int]


_ALLOWED = Judgement("allow", (), {})


def judge(facts: Facts, counts: Counts, policy: Online) -> Judgement:
    """Judges one ballot by its facts and by the number of similar ballots.

    A hold needs the points and the number of families that the policy sets, both from the ballot itself: counts of
    similar ballots only add to its points. A solved challenge is never requested again.
    """
    found, most = list(own(facts, counts, policy)), policy.crowd.most
    for signal in found:
        most += signal.points
    if most < policy.challenge:
        return _ALLOWED
    alike = list(crowd(counts, policy))
    evidence = _capped(found, policy)
    # Counts of one crowd from several sides: only the heaviest is used.
    heaviest = max(alike, key=lambda signal: signal.points, default=None)
    points = _capped([*found, heaviest], policy) if heaviest else evidence
    total, families = sum(points.values()), sum(1 for weight in evidence.values() if weight >= policy.family)
    response: Response = "allow"
    if total >= policy.hold and families >= policy.families:
        response = "hold"
    elif total >= policy.challenge and not facts.challenge_passed:
        response = "challenge"
    reasons = () if response == "allow" else tuple(sorted(signal.code for signal in [*found, *alike]))
    return Judgement(response, reasons, points)


def _capped(signals: list[Signal], policy: Online) -> dict[Family, int]:
    points: dict[Family, int] = {}
    for signal in signals:
        family = family_of(signal.code)
        points[family] = min(getattr(policy.caps, family), points.get(family, 0) + signal.points)
    return points
