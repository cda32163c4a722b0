"""Made worlds: by whom, and as the table that the sweeps read, with the same facts as `voting backtest` observes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

import msgspec
import polars as pl

from loadtests import traffic
from loadtests.hands import assessor, composer, foreign, inspector, literal, newcomer, outsider, stranger, visitor
from loadtests.traffic.world import World
from loadtests.traffic.writing import lines
from voting.fraud.attempt import Attempt
from voting.fraud.frame import Row, frame, milliseconds
from voting.fraud.observing import observe
from voting.services.networks import load_networks

# Authors who did not see each other's work: what one thought of another did not. The composer draws what the others
# settled: each trait of each group of voters.
HANDS: Mapping[str, Callable[..., World]] = {
    "traffic": traffic.make_world,
    "foreign": foreign.make_world,
    "literal": literal.make_world,
    "stranger": stranger.make_world,
    "newcomer": newcomer.make_world,
    "visitor": visitor.make_world,
    "composer": composer.make_world,
    "outsider": outsider.make_world,
    "assessor": assessor.make_world,
    "inspector": inspector.make_world,
}
# Hands of which no tree is learnt, with the families that only they know: they show what becomes of what nobody thought
# of, as far as nobody looked (loadtests/README.md says where somebody did).
WITHHELD: Mapping[str, Collection[str]] = {
    hand: tuple(name for name in attacks if name not in traffic.ATTACKS)
    for hand, attacks in (("assessor", assessor.ATTACKS), ("inspector", inspector.ATTACKS))
}
_CHUNK = 20_000


def table_of(world: World) -> pl.DataFrame:
    """The world's ballots, in their order."""
    decoder, networks, tables = msgspec.json.Decoder(Attempt), load_networks(), []
    for start in range(0, world.events.height, _CHUNK):
        attempts = map(networks.completed, map(decoder.decode, lines(world.events.slice(start, _CHUNK)).to_list()))
        tables.append(
            frame(Row(each.id, milliseconds(each.at), each.voter, each.entry, observe(each)) for each in attempts)
        )
    return pl.concat(tables)
