"""Signals of fraud from one ballot's facts and counts, with their points in the policy."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from voting.fraud.facts.facts import Counts, Facts, Oddity
from voting.fraud.policy import Headers, Online

# Oddities of C2 that one cause brings together: their points count once.
_HINTS = Oddity.HINT_PLATFORM | Oddity.HINT_MOBILE | Oddity.HINT_FOREIGN | Oddity.HINT_VERSION
_PAGE = Oddity.PLATFORM | Oddity.LANGUAGES | Oddity.SCREEN
_MISSING = Oddity.NO_LANGUAGE | Oddity.HINT_MISSING | Oddity.WECHAT_TOKENS
_CONTRADICTIONS = int(_HINTS | _PAGE | _MISSING | Oddity.CHANNEL)
_AUTOMATION, _CROSS_SITE = int(Oddity.AUTOMATION), int(Oddity.CROSS_SITE)


class Signal(NamedTuple):
    """One reason's code with its points; `value` is the observed figure, `expected` the figure by chance."""

    code: str
    points: int
    value: float = 1
    expected: float = 0
    surprise: float = 0


def own(facts: Facts, counts: Counts, policy: Online) -> Iterator[Signal]:
    """Yields the signals of the ballot itself."""
    if facts.hosting:
        yield Signal("N1", policy.hosting)
    if facts.oddities:
        yield from _headers(facts.oddities, policy.headers)
    if facts.challenge_passed is False:
        yield Signal("P1", policy.headers.unproven)
    if facts.reading is not None:
        # A ballot before its page was issued means that clocks disagree: its reading time is unknown.
        for step in policy.reading:
            if 0 <= facts.reading < step.below:
                yield Signal("T1", step.points, facts.reading / 1000)
                break
    if facts.age is not None and facts.age < policy.fresh.below:
        yield Signal("A1", policy.fresh.points, facts.age)
    if counts.voters >= policy.voters.least:
        yield Signal("C4", policy.voters.points, counts.voters)


def crowd(counts: Counts, policy: Online) -> Iterator[Signal]:
    """Yields the signals of similar ballots, which honest crowds give, too."""
    rule = policy.crowd
    if counts.prefix_fingerprint >= rule.prefix.least:
        yield Signal("N2", rule.prefix.points, counts.prefix_fingerprint)
    if counts.place >= rule.burst.least:
        yield Signal("T5", rule.burst.points, counts.place)
    if counts.ballots and counts.entry_fingerprint >= rule.fingerprint.least:
        expected = counts.entry * counts.fingerprint / counts.ballots
        surprise = deviance(counts.entry_fingerprint, expected)
        if surprise >= rule.surprise:
            yield Signal("C3", rule.fingerprint.points, counts.entry_fingerprint, expected, surprise)


def deviance(count: float, expected: float) -> float:
    """Returns the signed Poisson deviance of a count, in standard deviations."""
    if expected <= 0 or count <= 0:
        return 0.0 if count <= 0 else math.inf
    root = math.sqrt(max(0.0, 2 * (count * math.log(count / expected) - (count - expected))))
    return root if count >= expected else -root


def _headers(odd: int, policy: Headers) -> Iterator[Signal]:
    if odd & _AUTOMATION:
        # Other oddities are part of the same finding.
        yield Signal("C1", policy.automation)
    elif odd & _CONTRADICTIONS:
        groups = (
            (odd & _HINTS, policy.hints),
            (odd & _PAGE, policy.page),
            (odd & Oddity.CHANNEL, policy.channel),
            (odd & _MISSING, policy.missing),
        )
        given = [points for there, points in groups if there]
        yield Signal("C2", sum(given), len(given))
    if odd & _CROSS_SITE:
        yield Signal("C5", policy.cross_site)
