"""Three recorded contests and what `voting backtest` decided in them: README.md says how they were made."""

from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import polars as pl

from voting.domain.contest.contest_file import read_contest
from voting.fraud.facts.attempt import Attempt
from voting.fraud.facts.observe import recorded_facts
from voting.fraud.features.frame import Row, frame, milliseconds
from voting.networks.lookup import load_networks
from voting.services.fraud.backtest.run import Input, backtest
from voting.services.fraud.policy_files import load_sweep_policy

HERE = Path(__file__).parent
EVENTS, LABELS, CONTEST = "events.jsonl.gz", "labels.csv.gz", "contest.toml"
# What a replay must write, byte for byte.
RESULTS = ("decisions.jsonl", "history.jsonl", "summary.json")
FREEZE = "if this is meant, run: python -m tests.recorded.freeze, and read the difference"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded contest: 20,000 attempts in the order of time."""

    name: str

    @property
    def folder(self) -> Path:
        """Its files."""
        return HERE / self.name

    def replay(self, out: Path) -> Mapping[str, Any]:
        """Runs the backtest with the packaged policy: writes the files of `voting backtest`, answers the summary."""
        contest = read_contest((self.folder / CONTEST).read_text("utf-8"), CONTEST)
        events = Input(self.folder / EVENTS)
        return backtest(contest, events, load_sweep_policy(), load_networks(), out, lambda part, done: None)

    def expected(self, file: str) -> bytes:
        """One of RESULTS as it was frozen."""
        return gzip.decompress((self.folder / f"{file}.gz").read_bytes())

    def ballots(self) -> pl.DataFrame:
        """The attempts as the table that the sweeps read."""
        return _ballots(self.name)

    def labels(self) -> pl.DataFrame:
        """For each attempt, in the order of `ballots`: `fraud`, `family` ("A2", "L4", "background"), `instance`."""
        return pl.read_csv(self.folder / LABELS)


RINGS, CROWDS, CLEAN = (Recorded(name) for name in ("rings", "crowds", "clean"))
ALL = (RINGS, CROWDS, CLEAN)


def attempts(recorded: Recorded) -> Iterator[Attempt]:
    """The recorded attempts, with what the network tables add."""
    networks, decoder = load_networks(), msgspec.json.Decoder(Attempt)
    with gzip.open(recorded.folder / EVENTS) as file:
        yield from (networks.completed(decoder.decode(line)) for line in file)


@cache
def _ballots(name: str) -> pl.DataFrame:
    return frame(
        Row(each.id, milliseconds(each.at), each.voter, each.entry, recorded_facts(each))
        for each in attempts(Recorded(name))
    )
