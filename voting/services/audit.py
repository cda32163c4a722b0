"""The audit log: each act of the staff, in the transaction of the act, and the policies that judge ballots.

The database chains the records by their hashes; `verify` finds the first that was tampered with.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Literal

from voting import __version__
from voting.domain.audit_chain import AuditRecord, ChainCheck, Head, Link, link
from voting.fraud.policy import Policy
from voting.networks.lookup import Networks
from voting.postgres import audit, leases
from voting.postgres.audit import LoggedDetails
from voting.postgres.database import Connection, Database

Action = Literal[
    "announcement.end",
    "announcement.publish",
    "award.revoke",
    "cell.count",
    "cell.decide",
    "cell.propose",
    "cell.void",
    "certificate.sign",
    "certification.certify",
    "certification.propose",
    "certification.reopen",
    "complaint.answer",
    "complaint.close",
    "complaint.file",
    "confirmation.by_host",
    "confirmation.denied",
    "contest.create",
    "contest.display",
    "contest.extend",
    "contest.pause",
    "contest.replace",
    "contest.resume",
    "contest.seal",
    "credentials.issue",
    "entry.withdraw",
    "group.decide",
    "group.propose",
    "group.withdraw",
    "growth.accept",
    "growth.propose",
    "growth.withdraw",
    "marks.import",
    "marks.reopen",
    "marks.submit",
    "metric.import",
    "objection.answer",
    "objection.file",
    "openings.export",
    "person.overlap",
    "results.read",
    "retention.purge",
    "roster.import",
    "second_person.propose",
    "service.begin",
    "staff.account.add",
    "staff.grant",
    "staff.key.create",
    "staff.key.revoke",
    "staff.password",
    "staff.revoke",
    "staff.session.end",
    "staff.session.open",
    "staff.totp",
    "tally.mend",
    "voter.erase",
]


# Acts on the contest itself, whose details the public log has as they are; of other acts it has a salted hash.
_PUBLIC = ("announcement.", "contest.", "entry.withdraw", "roster.import")
# The log counts erasures by the day: the moment would point to a person.
_NOT_LOGGED = ("voter.erase",)
_MOST_BYTES = 16_000


async def record(
    tx: Connection, actor: str, action: Action, contest: str | None, details: Mapping[str, object]
) -> None:
    """Adds a record, and a leaf for the contest's log. `tx` is the act's transaction, so all are stored or none.

    It belongs at the end of the act: until the transaction ends no other act can add its record.
    """
    text = json.dumps(details, ensure_ascii=False)
    await audit.insert(tx, actor, action, contest, text, None if action in _NOT_LOGGED else _logged(action, text))


class AuditLog:
    """The log as auditors read it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, after: int, contest: str | None, most: int) -> tuple[Head, tuple[AuditRecord, ...]]:
        """Returns the log's head, and the first records after a number, of all contests or of one."""
        async with self._database.connection() as connection:
            return await audit.select_head(connection), await audit.select_page(connection, after, contest, most)

    async def latest(self, before: int, contest: str | None, most: int) -> tuple[Head, tuple[AuditRecord, ...]]:
        """Returns the log's head, and the last records before a number, newest first."""
        async with self._database.connection() as connection:
            return await audit.select_head(connection), await audit.select_before(connection, before, contest, most)

    async def history(self, contest: str, actions: Collection[Action], most: int) -> tuple[AuditRecord, ...]:
        """Returns the contest's last records of these acts, newest first."""
        async with self._database.connection() as connection:
            return await audit.select_acts(connection, contest, actions, most)


async def links(tx: Connection) -> AsyncIterator[Link]:
    """Yields every record in canonical form, in order."""
    async for found in audit.select_all(tx):
        yield link(found)


async def verify(tx: Connection, known: Mapping[int, bytes]) -> Head:
    """Returns the head of an intact log. `known`: hashes of records that were kept elsewhere. Raises AuditBroken."""
    await tx.execute("set transaction isolation level repeatable read, read only")
    check = ChainCheck(known)
    async for each in links(tx):
        check.add(each)
    check.end(await audit.select_head(tx))
    return check.head


async def record_policies(
    database: Database, policy: Policy, shadow: Policy | None, networks: Networks, *, if_changed: bool = False
) -> None:
    """Records the program, policies and lists of networks with which a starting service judges ballots.

    `if_changed`: only if they differ from the last record of any service on this database, and once for all of its
    workers. The files may have changed since the service started.
    """
    judged_by = {
        "program": __version__,
        "policy": _named(policy),
        "shadow": _named(shadow) if shadow else None,
        "networks": networks.sha256,
    }

    async def work(tx: Connection) -> None:
        if if_changed:
            await leases.take_turn(tx, "service.begin")
            if await audit.last_details(tx, "service.begin") == judged_by:
                return
        await record(tx, "serve", "service.begin", None, judged_by)

    await database.transact(work)


def _logged(action: Action, details: str) -> LoggedDetails:
    if action.startswith(_PUBLIC):
        # RFC 8785: names here are ASCII, numbers are integers.
        shown = json.dumps(json.loads(details), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        if len(shown.encode()) <= _MOST_BYTES:
            return LoggedDetails(None, shown)
    salt = secrets.token_bytes(16)
    return LoggedDetails(salt, f"sha256:{hashlib.sha256(salt + details.encode()).hexdigest()}")


def _named(policy: Policy) -> Mapping[str, str]:
    return {"version": policy.version, "sha256": policy.sha256}
