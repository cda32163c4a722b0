"""A made world as the table that the sweeps read: the same facts as `voting backtest` observes, without the file."""

from __future__ import annotations

import msgspec
import polars as pl

from loadtests.traffic.world import World
from loadtests.traffic.writing import lines
from voting.fraud.attempt import Attempt
from voting.fraud.frame import Row, frame, milliseconds
from voting.fraud.observing import observe

_CHUNK = 20_000


def table_of(world: World) -> pl.DataFrame:
    """The world's ballots, in their order."""
    decoder, tables = msgspec.json.Decoder(Attempt), []
    for start in range(0, world.events.height, _CHUNK):
        attempts = map(decoder.decode, lines(world.events.slice(start, _CHUNK)).to_list())
        tables.append(
            frame(Row(each.id, milliseconds(each.at), each.voter, each.entry, observe(each)) for each in attempts)
        )
    return pl.concat(tables)
