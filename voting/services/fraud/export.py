"""Exports recorded ballots as attempts that `voting backtest` replays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec

from voting.domain.entry import Entry
from voting.fraud.facts.facts import read_facts
from voting.postgres import clients, records
from voting.postgres.clients import ClientRow
from voting.postgres.database import Database
from voting.postgres.fraud import decisions
from voting.postgres.fraud.decisions import RulingInForce
from voting.postgres.identity import confirmations
from voting.postgres.records import Record
from voting.services.ballots.disowning import GROUP as DENIED
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.fraud.cells import GROUP

_JSON = msgspec.json.Encoder()
_RULINGS = {"release": "honest", "void": "fraud"}


class EventExport:
    """Exports the records of a contest."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(self, snapshot: ContestSnapshot, *, labels: bool = False) -> AsyncIterator[bytes]:
        """Yields a line for each pick of each recorded ballot by time; see voting.fraud.facts.attempt.

        Voters, devices and addresses are the stored keyed hashes. A pick is named after its ballot, from the second on
        with its number. With `labels`, each line has `label`: null, or `ruling` ("honest" if a reviewer released the
        ballot's group, "fraud" if it is void, "unconfirmed" if it is void because its voter did not confirm or disowned
        it), the number of that `review`, and the `group`; and `verification`: null, or whether the voter, whom chance
        `asked` with this ballot, `confirmed`, and the `share` of voters that was asked.
        """
        contest = snapshot.contest.id
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            kinds = await clients.select_all(connection, contest)
            rulings = await decisions.select_rulings_in_force(connection, contest) if labels else {}
            answers = await confirmations.select_answers(connection, contest) if labels else {}
            async for portion in records.read(connection, contest, None, None):
                for record in portion:
                    label: dict[str, Any] = {"label": None, "verification": None} if labels else {}
                    if answer := answers.get(record.id):
                        label["verification"] = {"asked": True, "confirmed": answer.confirmed, "share": answer.share}
                    if ruling := rulings.get(record.id):
                        label["label"] = {
                            "ruling": _ruling(ruling),
                            "review": ruling.ruling,
                            "group": ruling.group,
                        }
                    for line in _lines(record, snapshot.entries, kinds, label):
                        yield line


def _ruling(ruling: RulingInForce) -> str:
    if ruling.action == "void" and ruling.group.startswith((GROUP, DENIED)):
        # Some of these voters are people.
        return "unconfirmed"
    return _RULINGS[ruling.action]


def _lines(
    record: Record, entries: Mapping[str, Entry], kinds: Mapping[int, ClientRow], label: Mapping[str, Any]
) -> list[bytes]:
    facts, at = read_facts(record.facts), record.recorded_at.isoformat(timespec="milliseconds")
    line: dict[str, Any] = {"id": "", "at": at, "voter": record.voter.hex(), "entry": "", "channel": facts.channel}
    if kind := kinds.get(facts.agent):
        line["client_class"] = {"app": kind.app, "device": kind.device, "browser": kind.browser, "system": kind.system}
    if len(record.picks) > 1:
        line["ballot"] = str(record.id)
    lines = []
    for number, pick in enumerate(record.picks, 1):
        name = str(record.id) if number == 1 else f"{record.id}/{number}"
        entry = entries.get(pick)
        more = {
            "id": name,
            "entry": pick,
            "device": facts.device,
            "facts": facts,
            # None if the entry was withdrawn.
            "category": entry.category if entry else None,
        }
        lines.append(_JSON.encode({**line, **more, **label}) + b"\n")
    return lines
