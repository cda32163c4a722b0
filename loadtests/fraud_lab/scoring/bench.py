"""make fraud-bench: replays worlds with `voting backtest` and measures what it did."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from loadtests.fraud_lab.families import FRAMING
from loadtests.fraud_lab.profiles import HELD_OUT, PROFILES
from loadtests.fraud_lab.scoring.baselines import BASELINES
from loadtests.fraud_lab.scoring.figures import Figures, evaluate
from loadtests.fraud_lab.scoring.ranking import framing
from loadtests.fraud_lab.scoring.verdicts import judged, of_rule, read_verdicts
from loadtests.fraud_lab.simulator.world import World
from loadtests.fraud_lab.simulator.writing import CONTEST, EVENTS, write

RESULTS = Path(__file__).parents[2] / "results"
# Arguments of the worlds of each scenario.
SCENARIOS: dict[str, dict[str, Any]] = {
    "main": {"fraud": 0.22},
    "clean": {"fraud": 0.0},
    "half": {"fraud": 0.5},
    "small": {"fraud": 0.04, "small": True},
    # Each world twice: as it is, and without the ballots that frame a rival.
    "framing": {"fraud": 0.22},
}


@dataclass(frozen=True, slots=True)
class Cost:
    """What one backtest took."""

    seconds: float
    mebibytes: float


@dataclass
class Found:
    """Figures by scenario, one for each seed; `rules`: figures of the naive rules on the worlds of `main`."""

    scenarios: dict[str, list[Figures]] = field(default_factory=dict)
    rules: dict[str, list[Figures]] = field(default_factory=dict)
    costs: list[Cost] = field(default_factory=list)


class BacktestFailed(Exception):
    """`voting backtest` failed."""


def run(
    scenario: str, seed: int, ballots: int, found: Found, *, profile: str, policy: Path | None, replay: bool
) -> Figures | None:
    """The figures of one world of this profile; None if only the naive rules are wanted."""
    world = PROFILES[profile](seed, ballots, **SCENARIOS[scenario])
    if scenario == "main":
        for name, rule in BASELINES.items():
            rows = judged(world.events, world.labels, of_rule(world.events, rule(world.events)))
            found.rules.setdefault(name, []).append(evaluate(rows, world.entries))
    if not replay:
        return None
    rows, cost = replayed(world, policy)
    figures = evaluate(rows, world.entries, HELD_OUT.get(profile, ()))
    if scenario == "framing":
        changed = framing(rows, replayed(unframed(world), policy)[0], world.entries)
        figures = replace(figures, values={} if changed is None else {"framing": changed})
    found.scenarios.setdefault(scenario, []).append(figures)
    found.costs.append(cost)
    return figures


def unframed(world: World) -> World:
    """The world without the ballots that frame a rival."""
    others = ~world.labels["family"].is_in(FRAMING)
    return replace(world, events=world.events.filter(others), labels=world.labels.filter(others))


def replayed(world: World, policy: Path | None) -> tuple[pl.DataFrame, Cost]:
    """Replays the world with `voting backtest`; the rows of `judged`, and the cost."""
    folder = Path(tempfile.mkdtemp(prefix="fraud-bench-"))
    try:
        write(world, folder)
        cost = backtest(folder, folder / "out", policy)
        verdicts = read_verdicts(folder / "out", world.events)
    finally:
        shutil.rmtree(folder)
    return judged(world.events, world.labels, verdicts), cost


def backtest(world: Path, out: Path, policy: Path | None) -> Cost:
    """Runs the command on a written world and measures it."""
    command = [sys.executable, "-m", "voting", "backtest", "--contest", str(world / CONTEST)]
    command += ["--events", str(world / EVENTS), "--out", str(out)]
    command += ["--policy", str(policy)] if policy else []
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as log:
        child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            log.seek(0)
            raise BacktestFailed(log.read()[-2000:])
    return Cost(time.monotonic() - begun, usage.ru_maxrss / 1024)


def save(found: Found, options: dict[str, object]) -> Path:
    """Writes the figures as JSON and returns the path."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"fraud-{time.strftime('%Y%m%dT%H%M%S', time.gmtime())}.json"
    path.write_text(json.dumps({"options": options, **asdict(found)}, indent=1))
    return path
