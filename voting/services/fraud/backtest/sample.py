"""The answers of voters who were asked to confirm, among replayed events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from voting.domain.contest.contest import Contest
from voting.fraud.confirmation import estimate
from voting.fraud.facts.attempt import Attempt, Verification
from voting.fraud.facts.observe import recorded_facts
from voting.fraud.replay import Decision
from voting.fraud.sample import Asked, Cell, Estimate, cells_of, client_of


class Sample:
    """The voters who were asked, and their picks from the ballot on that they were asked with."""

    def __init__(self, contest: Contest) -> None:
        self._zone = contest.zone
        self._asked: dict[str, tuple[str, Verification]] = {}
        """By voter: channel and answer."""
        self._picks: dict[str, tuple[str, tuple[Cell, ...]]] = {}
        """By attempt: voter and cells."""
        self._where: dict[str, tuple[str | None, str | None]] = {}
        """By voter: network and client of the ballot that they were asked with."""

    def note(self, lines: Iterable[Attempt]) -> None:
        """Notes a ballot."""
        for line in lines:
            answer = line.verification
            if answer and answer.asked and line.voter not in self._asked:
                facts = recorded_facts(line)
                self._asked[line.voter] = (facts.channel or line.channel or "", answer)
                self._where[line.voter] = (facts.prefix, client_of(facts))
            if line.voter in self._asked:
                day = line.at.astimezone(self._zone).date().isoformat()
                cells = cells_of(line.entry, day, self._asked[line.voter][0], *self._where[line.voter])
                self._picks[line.id] = (line.voter, cells)

    def summary(self, final: Sequence[Decision]) -> dict[str, Any]:
        """Returns the estimates from voters with counted picks; empty if nobody was asked."""
        if not self._asked:
            return {}
        counted: dict[str, Counter[Cell]] = {voter: Counter() for voter in self._asked}
        for decision in final:
            if decision.decision == "count" and decision.id in self._picks:
                voter, cells = self._picks[decision.id]
                counted[voter].update(cells)
        sample = [
            Asked(channel, answer.share, answer.confirmed, counted[voter])
            for voter, (channel, answer) in self._asked.items()
            if counted[voter]
        ]
        return {
            "verification": {
                "asked": len(sample),
                "confirmed": sum(each.confirmed for each in sample),
                "cells": [_line(each) for each in estimate(sample) if each.is_suspected or each.is_named],
            }
        }


def _line(each: Estimate) -> Mapping[str, Any]:
    return {
        **each.cell._asdict(),
        "asked": each.asked,
        "confirmed": each.confirmed,
        **{name: round(getattr(each, name), 4) for name in ("elsewhere", "low", "share", "high")},
        "picks": each.picks,
        "named": each.is_named,
    }
