"""Screens ballots before they are recorded: observes facts, reads counts, and applies the policy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache, partial

import msgspec

from voting import telemetry
from voting.fraud.facts.attempt import Sighting
from voting.fraud.facts.facts import Counts, Facts
from voting.fraud.facts.observe import observe
from voting.fraud.online.counters import Cells, cells, counts
from voting.fraud.online.scorecard import Judgement, Response, judge
from voting.fraud.policy import Policy
from voting.networks.lookup import Networks
from voting.services.identity.keyring import Keyring
from voting.services.identity.proof_of_work import PRICES

# Of a ballot of many picks so many are counted: what one ballot costs is bounded.
MOST_COUNTED = 20
_DECISIONS: dict[Response, str] = {"allow": "count", "challenge": "challenge", "hold": "hold"}
# Cached: the library takes a lock for each look-up.
_shadowed = cache(telemetry.SHADOW.labels)


class Screening:
    """Observes and judges ballots under one policy. Decisions of a shadow policy are only counted."""

    def __init__(self, keyring: Keyring, networks: Networks, policy: Policy, shadow: Policy | None) -> None:
        self._keyring = keyring
        self._networks = networks
        self._policy = policy.online
        self._shadow = shadow
        # Many ballots come from one sender, such as a phone of one kind in one network.
        self._keyed = lru_cache(8192)(self._hash)

    def observe(self, contest: str, hash_key: str, sighting: Sighting) -> Facts:
        """Returns the facts, with keyed hashes for what could identify a voter.

        Address and prefix are never stored themselves; the browser's fingerprints are keyed so that no list of agents
        can name them, and two contests have none in common.
        """
        facts = observe(self._networks.completed(sighting))
        address, prefix, agent, client, origin = self._keyed(
            contest, hash_key, facts.address, facts.prefix, facts.agent, facts.client, facts.origin
        )
        return msgspec.structs.replace(facts, address=address, prefix=prefix, agent=agent, client=client, origin=origin)

    def _hash(
        self, contest: str, hash_key: str, address: str | None, prefix: str | None, *prints: int
    ) -> tuple[str | None, str | None, int, int, int]:
        hashed = partial(self._keyring.hashed, contest, hash_key)
        # 63 bits; 0 stays unknown.
        agent, client, origin = (
            int(hashed(name, str(value))[:16], 16) >> 1 if value else 0
            for name, value in zip(("agent", "client", "origin"), prints, strict=True)
        )
        if address is not None and prefix is not None:
            address, prefix = hashed("address", address), hashed("prefix", prefix)
        return address, prefix, agent, client, origin

    def judge(self, facts: Facts) -> Judgement:
        """Returns the judgement for the facts and their counts."""
        counts = facts.counts or Counts()
        judgement = judge(facts, counts, self._policy)
        if judgement.response != "allow":
            telemetry.SCREENED.labels(judgement.response).inc()
        if self._shadow:
            would_be = judge(facts, counts, self._shadow.online)
            decisions = _DECISIONS[judgement.response], _DECISIONS[would_be.response]
            _shadowed("online", self._shadow.version, *decisions).inc()
        return judgement

    def effort(self, judgement: Judgement) -> int:
        """Returns the place of a challenge's price: the next one for every 15 points above the bound."""
        above = sum(judgement.points.values()) - self._policy.challenge
        return min(len(PRICES) - 1, max(0, above) // 15)


def counted(picks: Sequence[str], voter: str, facts: Facts) -> Cells:
    """Returns the counters of every pick of a ballot, concatenated."""
    each = [cells(pick, voter, facts) for pick in picks[:MOST_COUNTED]]
    if len(each) == 1:
        return each[0]
    quick, slow = (tuple(place for one in each for place in one[row]) for row in range(2))
    return Cells(quick, slow, each[0].device if each else ())


def read_counts(values: Cells | None, picks: Sequence[str]) -> Counts:
    """Returns the counts of a ballot from the values of its counters: for each figure the largest of its picks."""
    number = min(len(picks), MOST_COUNTED)
    if values is None or not number:
        return Counts()
    quick, slow = len(values.quick) // number, len(values.slow) // number
    found = [
        counts(
            values.quick[place * quick : (place + 1) * quick],
            values.slow[place * slow : (place + 1) * slow],
            values.device,
        )
        for place in range(number)
    ]
    if number == 1:
        return found[0]
    return Counts(*(max(column) for column in zip(*(msgspec.structs.astuple(each) for each in found), strict=True)))
