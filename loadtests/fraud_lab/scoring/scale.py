"""What certifying many ballots costs: copies of a small world, each with voters and places of its own."""

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
from voting.services.policies import load_policy

# Of one world; larger numbers are copies of it.
_WORLD = 50_000
# Copies have other entries than those next to them, yet a contest has no more than so many times those of a world.
_MOST_ENTRIES = 10
# Milliseconds by which copies are apart: no two ballots of a burst fall together for their copying alone.
_APART = 977


class Cost(NamedTuple):
    """Of one certification, in a process of its own; memory is the process's largest."""

    ballots: int
    seconds: float
    processor_seconds: float
    mebibytes: float
    held: int


def costs(ballots: int) -> Cost:
    """Makes so many ballots, writes them to a file, and certifies what is in it."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "ballots.parquet")
        write(path, ballots)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, mp_context=context) as executor:
            return executor.submit(_measured, path, ballots).result()


def write(path: Path, ballots: int) -> None:
    """So many ballots as the sweeps read them, by copying. They are never all in memory."""
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
    policy = load_policy()
    wall, processor = time.perf_counter(), time.process_time()
    found = sweep(pl.scan_parquet(path), policy, "certification")
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    unit = 1 << 20 if sys.platform == "darwin" else 1 << 10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
    return Cost(ballots, wall, processor, peak, int(found.verdicts["hold"].sum()))
