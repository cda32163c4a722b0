"""A world as the table that the sweeps read."""

from __future__ import annotations

import msgspec
import polars as pl

from loadtests.fraud_lab.simulator.world import World
from loadtests.fraud_lab.simulator.writing import lines
from voting.fraud.facts.attempt import Attempt
from voting.fraud.facts.observe import recorded_facts
from voting.fraud.features.frame import Row, frame, milliseconds
from voting.networks.lookup import load_networks

_CHUNK = 20_000


def ballot_table(world: World) -> pl.DataFrame:
    """The world's ballots in their order, with the facts that `voting backtest` observes."""
    decoder, networks, tables = msgspec.json.Decoder(Attempt), load_networks(), []
    for start in range(0, world.events.height, _CHUNK):
        attempts = map(networks.completed, map(decoder.decode, lines(world.events.slice(start, _CHUNK)).to_list()))
        tables.append(
            frame(
                Row(each.id, milliseconds(each.at), each.voter, each.entry, recorded_facts(each)) for each in attempts
            )
        )
    return pl.concat(tables)
