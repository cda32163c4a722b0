"""Plays contests of many seeds and writes their figures."""

from __future__ import annotations

import json
import time
from pathlib import Path

from loadtests.fraud_lab.answers.attackers import ATTACKERS, FRAMING, SLOW_DRIP, Attacker, attack
from loadtests.fraud_lab.answers.course import play
from loadtests.fraud_lab.answers.figures import HONEST, SIZES, Run, by_attacker, must_show, seen
from loadtests.fraud_lab.answers.worlds import BALLOTS, make_world

RESULTS = Path(__file__).parents[2] / "results"
CAMPAIGNS: tuple[tuple[Attacker, int], ...] = (
    *((attacker, size) for attacker in ATTACKERS for size in SIZES),
    (SLOW_DRIP, 200),
    (FRAMING, 4000),
)
_HEADS = ("figure", "floor", "aim", "worst attacker's", "attacker", "reached")
_DETAILS = (
    *(
        "attacker",
        "ballots",
        "named",
        "named wrongly",
        "counting",
        "void inside",
        "void",
        "lacking inside",
        "asked",
        "asked after",
    ),
    *("times today's price, numbers at 0.5, 1 and 2 yuan", "cells named"),
)


def runs_of(seed: int, ballots: int, attackers: tuple[str, ...]) -> list[Run]:
    """The honest contest of a seed, and the same with each attack; smaller contests have smaller attacks."""
    world = make_world(seed, ballots)
    runs = [seen(HONEST, 0, seed, play(world, None, seed), None)]
    for attacker, wanted in CAMPAIGNS:
        if not attackers or attacker.name in attackers:
            campaign = attack(world, attacker, max(1, wanted * ballots // BALLOTS), seed)
            runs.append(seen(attacker.name, wanted, seed, play(world, campaign, seed), campaign))
    return runs


def report(runs: list[Run]) -> str:
    """Both tables."""
    return f"{_table(_HEADS, must_show(runs))}\n\n{_table(_DETAILS, by_attacker(runs))}"


def _table(heads: tuple[str, ...], rows: list[list[str]]) -> str:
    rule = f"|---|{'---:|' * (len(heads) - 1)}"
    return "\n".join([f"| {' | '.join(heads)} |", rule, *(f"| {' | '.join(row)} |" for row in rows)])


def save(runs: list[Run], text: str) -> Path:
    """Writes the runs as JSON and the tables beside it, and returns the path of the first."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"answers-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.json"
    path.write_text(json.dumps([run._asdict() for run in runs], indent=1) + "\n")
    path.with_suffix(".md").write_text(text + "\n")
    return path
