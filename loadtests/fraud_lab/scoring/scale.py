"""The cost of certifying many ballots: copies of one world with voters and addresses of their own."""

from __future__ import annotations

import multiprocessing
import resource
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import polars as pl

from loadtests.fraud_lab.profiles.standard import make_world
from loadtests.fraud_lab.simulator.table import ballot_table
from voting.fraud.sweep import sweep
from voting.services.fraud.policy_files import load_sweep_policy

# Ballots of the world that is copied.
_WORLD = 50_000
# Neighbouring copies have different entries; there are at most this many sets of them.
_MOST_ENTRIES = 10
# Copies are shifted by this many ms, so that copying adds no bursts.
_APART = 977


class Cost(NamedTuple):
    """One certification in a process of its own; memory is its peak."""

    ballots: int
    seconds: float
    processor_seconds: float
    mebibytes: float
    held: int


def costs(ballots: int) -> Cost:
    """Writes this many ballots to a file and certifies them."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "ballots.parquet")
        write(path, ballots)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            return executor.submit(_measured, path, ballots).result()


def write(path: Path, ballots: int) -> None:
    """Writes this many ballots as the sweeps read them, by copying; they are never all in memory."""
    world = ballot_table(make_world(7, min(ballots, _WORLD), 0.22)).lazy()
    copies = -(-ballots // _WORLD)
    pl.concat([_copy(world, number) for number in range(copies)]).head(ballots).sink_parquet(path)


def _copy(world: pl.LazyFrame, number: int) -> pl.LazyFrame:
    if not number:
        return world
    own = [pl.col(name) + f"-{number}" for name in ("id", "voter", "device", "address", "prefix")]
    entry = pl.col("entry") + f"-{number % _MOST_ENTRIES}"
    return world.with_columns(*own, entry, pl.col("at") + number % 60 * _APART)


def _measured(path: Path, ballots: int) -> Cost:
    policy = load_sweep_policy()
    wall, processor = time.perf_counter(), time.process_time()
    found = sweep(pl.scan_parquet(path), policy, "certification")
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Cost(ballots, wall, processor, peak, int(found.verdicts["hold"].sum()))
