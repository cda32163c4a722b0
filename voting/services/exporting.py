"""Writes recorded ballots as attempts that `voting backtest` replays."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import msgspec

from voting.fraud.facts import Facts
from voting.postgres import events
from voting.postgres.database import Database
from voting.postgres.events import EventRow
from voting.services.catalogue import Listing

_JSON = msgspec.json.Encoder()
_FACTS = msgspec.json.Decoder(Facts)


class Exporting:
    """Exports the records of a contest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, listing: Listing) -> AsyncIterator[bytes]:
        """A line for each pick of each recorded ballot, in order of time: see voting.fraud.attempt.

        Voters, devices and addresses are the keyed hashes that are stored. A pick is named for its ballot, and from the
        second on for its number as well.
        """
        async with (
            self._database.connection() as connection,
            aclosing(events.recorded(connection, listing.contest.id)) as rows,
        ):
            async for row in rows:
                for line in _lines(row):
                    yield line


def _lines(row: EventRow) -> list[bytes]:
    facts = _FACTS.decode(row.facts) if row.facts is not None else Facts()
    line = {
        "id": str(row.id),
        "at": row.recorded_at.isoformat(timespec="milliseconds"),
        "voter": row.voter.hex(),
        "entry": "",
        "channel": facts.channel,
        "device": facts.device,
        "facts": facts,
    }
    lines = []
    for number, pick in enumerate(row.picks, 1):
        name = str(row.id) if number == 1 else f"{row.id}/{number}"
        lines.append(_JSON.encode({**line, "id": name, "entry": pick}) + b"\n")
    return lines
