"""Decisions are in the log as roots over salted lines, in the transaction that decides."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest

from tests.conftest import Contests
from tests.services.transparency.test_log import NOON, sequenced, stored_ballots
from voting.domain.ballots import merkle
from voting.domain.transparency.decisions import root as merkle_root
from voting.postgres.database import Connection
from voting.postgres.fraud import decisions
from voting.postgres.fraud.decisions import Authority, Change
from voting.postgres.results import certifications
from voting.postgres.transparency import log, openings
from voting.wiring.admin import AdminServices

BY = Authority("nearline", "policy", "v1", "a" * 64)


async def test_a_decision_is_in_the_log_by_its_transaction(
    contests: Contests, office: AdminServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    def watched(entries: Iterable[tuple[bytes, str]]) -> bytes:
        threads.append(threading.current_thread())
        return merkle_root(entries)

    monkeypatch.setattr("voting.postgres.fraud.decisions.merkle_root", watched)
    contest = await contests.make(top=NOON)
    await stored_ballots(contests, office, 3, contest)
    async with office.database.connection() as connection:
        rows = await connection.fetch("select sequence, voter from ballots where contest = $1 order by id", contest)

    async def decide(tx: Connection, count: int, by: Authority) -> None:
        await certifications.lock_result(tx, contest)
        await decisions.change(
            tx, contest, [Change(row["sequence"], row["voter"], "hold", ("雷同",), None) for row in rows[:count]], by
        )

    await office.database.transact(lambda tx: decide(tx, 2, BY))
    await office.database.transact(lambda tx: decide(tx, 2, BY))
    # A person decides; the ballots that are held already are left as they are.
    await office.database.transact(lambda tx: decide(tx, 3, Authority("review", "key:1", ruling=7)))
    await sequenced(office)
    async with office.database.connection() as connection:
        entries = await log.select_bundle(connection, contest, 0)
        written = await connection.fetch(
            "select ballot, leaf, salt from decisions where contest = $1 order by ballot", contest
        )
        salts = await connection.fetch("select salt from decision_leaves where contest = $1 order by number", contest)
        async with connection.transaction():
            opened = await openings.select_leaves(connection, contest)
    leaves = [entry.decode().splitlines()[3:] for entry in entries if entry.startswith(b"voting/decisions/v1")]

    def root(number: int, stage: str, policy: str, ruling: int) -> str:
        lines = [
            (row["salt"], f'["{row["ballot"]}","hold",["雷同"],"{stage}","{policy}","",{ruling}]')
            for row in written
            if row["leaf"] == number
        ]
        salted = [salt + line.encode() + b"\n" for salt, line in [*lines, (salts[number - 1]["salt"], "[]")]]
        return merkle.root_of([merkle.leaf_hash(each) for each in salted]).hex()

    assert [row["leaf"] for row in written].count(1) == 2, "what was decided already is not written again"
    assert leaves == [
        ["number 1", f"policy {'a' * 64}", f"root {root(1, 'nearline', 'a' * 64, 0)}"],
        ["number 2", f"policy {'a' * 64}", f"root {root(2, 'review', '', 7)}"],
    ]
    assert [(leaf.number, len(leaf.lines)) for leaf in opened] == [(1, 2), (2, 1)]
    assert len(threads) == 2
    assert threading.main_thread() not in threads, "large groups would block the event loop"
