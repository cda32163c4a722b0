"""Takes voters' complaints (投诉) and has the staff answer and close them.

Nothing is stored of who complains but what they write: contact data are optional, and encrypted with the contest's own
key. A reference, which only its holder and the service know, leads to the answer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from uuid import UUID

from voting import retry_after
from voting.domain.identity.token import mac
from voting.errors import ComplaintsFull, ComplaintsOver, EntryUnknown, Malformed, NotFound, ReceiptUnknown
from voting.postgres import complaints
from voting.postgres.complaints import SUBJECTS, StoredComplaint, Subject
from voting.postgres.database import Connection, Database
from voting.services import audit
from voting.services.ballots.own_receipts import OwnReceipts
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.encryption import decrypt, encrypt
from voting.services.identity.keyring import Keyring

__all__ = ["SUBJECTS", "Complaint", "Complaints", "GivenComplaint", "StoredComplaint", "Subject"]
BODY_CHARACTERS, ANSWER_CHARACTERS, REASON_CHARACTERS = (10, 2000), 2000, 500
_MOST_WAITING = 1000
"""More than these at once are a flood: each that is answered or closed brings room for another."""
_MOST_SHOWN = 200
_BUSY_SECONDS = (600, 3600)
_CODE_BYTES = 5
# What is easily mistaken for letters that a code has (RFC 4648, section 6).
_MISTAKEN = str.maketrans("018", "OIB")


@dataclass(frozen=True, slots=True)
class GivenComplaint:
    """What a voter sends. `entry`: its code; `receipt`: of the voter's own ballot; `contact` may be empty."""

    about: Subject
    body: str
    entry: str = ""
    receipt: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """A complaint as the staff see it. `contact`: decrypted; None where none was given, or none is kept any more."""

    stored: StoredComplaint
    contact: str | None


class Complaints:
    """Complaints about contests."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def file(self, snapshot: ContestSnapshot, given: GivenComplaint) -> str:
        """Takes a complaint; returns its reference.

        Raises Malformed, EntryUnknown, ReceiptUnknown, ComplaintsFull, or ComplaintsOver once the contest's retention
        is over.
        """
        contest, body = snapshot.contest.id, _checked(given.body, *BODY_CHARACTERS)
        if not snapshot.hash_key:
            raise ComplaintsOver
        if given.about == "entry" and given.entry not in snapshot.known_entries:
            raise EntryUnknown
        ballot = await self._ballot(snapshot, given.receipt) if given.about == "ballot" else None
        entry, contact = given.entry if given.about == "entry" else None, given.contact.strip()

        async def work(tx: Connection) -> int | None:
            number = await complaints.insert(tx, contest, given.about, entry, ballot, body, _MOST_WAITING)
            if number is None:
                return None
            if contact:
                await complaints.set_contact(tx, number, encrypt(self._key(snapshot), str(number), contact))
            await audit.record(tx, "public", "complaint.file", contest, {"number": number, "about": given.about})
            return number

        number = await self._database.transact(work)
        if number is None:
            raise ComplaintsFull(retry_after=retry_after.spread(*_BUSY_SECONDS))
        return self._reference(contest, number)

    async def find(self, snapshot: ContestSnapshot, reference: str) -> StoredComplaint | None:
        """Returns the complaint of a reference; None if it is not one of this contest."""
        named = re.fullmatch(r"(\d{1,18})-?([A-Z0-9]{8})", re.sub(r"\s", "", reference).upper())
        if named is None:
            return None
        contest, number = snapshot.contest.id, int(named[1])
        if not hmac.compare_digest(self._code(contest, number), named[2].translate(_MISTAKEN)):
            return None
        async with self._database.connection() as connection:
            return await complaints.select(connection, contest, number)

    async def all(self, snapshot: ContestSnapshot) -> tuple[Complaint, ...]:
        """Returns the contest's complaints, those that wait first, the oldest at the top; 200 at most."""
        async with self._database.connection() as connection:
            stored = await complaints.select_all(connection, snapshot.contest.id, _MOST_SHOWN)
        return tuple(Complaint(each, self._contact(snapshot, each)) for each in stored)

    async def answer(self, contest: str, number: int, text: str, actor: str) -> None:
        """Answers a complaint, in place of an earlier answer, for the holder of its reference.

        Raises Malformed, NotFound.
        """
        text = _checked(text, 1, ANSWER_CHARACTERS)

        async def work(tx: Connection) -> None:
            if not await complaints.answer(tx, contest, number, text, actor):
                raise _unknown(number)
            # The text may name somebody, and nothing can be erased from the log.
            details = {"number": number, "answer_sha256": hashlib.sha256(text.encode()).hexdigest()}
            await audit.record(tx, actor, "complaint.answer", contest, details)

        await self._database.transact(work)

    async def close(self, contest: str, number: int, reason: str, actor: str) -> None:
        """Closes a complaint, answered or not. Raises Malformed, NotFound."""
        reason = _checked(reason, 1, REASON_CHARACTERS)

        async def work(tx: Connection) -> None:
            if not await complaints.close(tx, contest, number, actor):
                raise _unknown(number)
            await audit.record(tx, actor, "complaint.close", contest, {"number": number, "reason": reason})

        await self._database.transact(work)

    async def _ballot(self, snapshot: ContestSnapshot, receipt: str) -> UUID:
        checked = await OwnReceipts(self._database, self._keyring).check(snapshot, receipt)
        if checked is None:
            raise ReceiptUnknown
        return UUID(checked.ballot)

    def _contact(self, snapshot: ContestSnapshot, stored: StoredComplaint) -> str | None:
        return decrypt(self._key(snapshot), str(stored.number), stored.contact) if stored.contact else None

    def _key(self, snapshot: ContestSnapshot) -> bytes:
        return self._keyring.key("complaint contact", snapshot.contest.id, snapshot.hash_key)

    def _reference(self, contest: str, number: int) -> str:
        return f"{number}-{self._code(contest, number)}"

    def _code(self, contest: str, number: int) -> str:
        """Returns what nobody can guess of a reference: it needs no storage, and one cannot be made from another."""
        hashed = mac(self._keyring.key("complaint", contest), str(number).encode())
        return base64.b32encode(hashed[:_CODE_BYTES]).decode()


def _checked(text: str, least: int, most: int) -> str:
    """Returns the text without blanks around it. Raises Malformed."""
    text = text.strip()
    if not least <= len(text) <= most:
        raise Malformed(f"the text has {len(text)} characters; write from {least} to {most}")
    return text


def _unknown(number: int) -> NotFound:
    return NotFound(f"there is no complaint {number} in this contest that is neither closed nor erased")
