"""The answers of voters who were asked to confirm, among replayed events."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from voting.fraud.confirmation import estimate
from voting.fraud.facts.attempt import Attempt
from voting.fraud.facts.observe import recorded_facts
from voting.fraud.naming import material, to_ask
from voting.fraud.replay import Decision
from voting.fraud.sample import Asked, Estimate, cells_of, to_decide


class Sample:
    """The voters who were asked, and the ballots that they were asked with."""

    def __init__(self) -> None:
        self._asked: defaultdict[str, dict[str, Asked]] = defaultdict(dict)
        """By voter and attempt: there is one for each entry of the ballot."""

    def note(self, lines: Iterable[Attempt]) -> None:
        """Notes a ballot."""
        for line in lines:
            answer = line.verification
            if answer and answer.asked:
                facts = recorded_facts(line)
                channel = facts.channel or line.channel or ""
                cells = cells_of(line.entry, channel, facts.prefix)
                self._asked[line.voter][line.id] = Asked(channel, answer.share, answer.confirmed, frozenset(cells))

    def summary(self, final: Sequence[Decision]) -> dict[str, Any]:
        """Returns the estimates from voters whose ballot counts; empty if nobody was asked."""
        if not self._asked:
            return {}
        counted = {decision.id for decision in final if decision.decision == "count"}
        sample = []
        for attempts in self._asked.values():
            if picks := [asked for id, asked in attempts.items() if id in counted]:
                sample.append(picks[0]._replace(cells=frozenset().union(*(each.cells for each in picks))))
        estimates = estimate(sample)
        # This is the only look, so that what it finds is named.
        named = to_decide(material(estimates))
        shown = named | to_ask(estimates, named)
        return {
            "verification": {
                "asked": len(sample),
                "confirmed": sum(each.confirmed for each in sample),
                "cells": [_line(each, each.cell in named) for each in estimates if each.cell in shown],
            }
        }


def _line(each: Estimate, is_named: bool) -> Mapping[str, Any]:
    return {
        **each.cell._asdict(),
        "asked": each.asked,
        "confirmed": each.confirmed,
        **{name: round(getattr(each, name), 4) for name in ("elsewhere", "low", "share", "high")},
        "picks": each.picks,
        "named": is_named,
    }
