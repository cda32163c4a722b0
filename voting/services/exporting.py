"""Writes recorded ballots as attempts that `voting backtest` replays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

import msgspec

from voting.domain.entry import Entry
from voting.postgres import records
from voting.postgres.database import Database
from voting.postgres.records import Record
from voting.services.catalogue import Listing
from voting.services.gathering import read_facts

_JSON = msgspec.json.Encoder()


class Exporting:
    """Exports the records of a contest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, listing: Listing) -> AsyncIterator[bytes]:
        """A line for each pick of each recorded ballot, in order of time: see voting.fraud.attempt.

        Voters, devices and addresses are the keyed hashes that are stored. A pick is named for its ballot, and from the
        second on for its number as well.
        """
        contest = listing.contest.id
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            async for some in records.read(connection, contest, None, None):
                for record in some:
                    for line in _lines(record, listing.entries):
                        yield line


def _lines(record: Record, entries: Mapping[str, Entry]) -> list[bytes]:
    facts, at = read_facts(record.facts), record.recorded_at.isoformat(timespec="milliseconds")
    line = {"id": "", "at": at, "voter": record.voter.hex(), "entry": "", "channel": facts.channel}
    if len(record.picks) > 1:
        line["ballot"] = str(record.id)
    lines = []
    for number, pick in enumerate(record.picks, 1):
        name = str(record.id) if number == 1 else f"{record.id}/{number}"
        more = {
            "id": name,
            "entry": pick,
            "device": facts.device,
            "facts": facts,
            "category": _category(entries.get(pick)),
        }
        lines.append(_JSON.encode({**line, **more}) + b"\n")
    return lines


def _category(entry: Entry | None) -> str | None:
    """None where the entry was withdrawn."""
    return entry.category if entry else None
