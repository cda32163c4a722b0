"""Acts that change a result take two persons: one account proposes it, another one does it.

Two keys of one account are one person. Where no account has a role that may do the act, one person acts alone; each of
these acts says so in the audit log, and the certification to whoever reads it. The first such account ends that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from voting.domain.identity.roles import DECIDING, ORGANISING, Role, Staff
from voting.domain.names import alike
from voting.errors import Forbidden, Stale
from voting.postgres.database import Connection
from voting.postgres.identity import accounts, proposals
from voting.postgres.identity.proposals import StoredProposal
from voting.services import audit


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts. `name` tells persons apart; a machine's account has none, since anybody may be behind it."""

    actor: str
    name: str = ""
    account: str | None = None


def person_of(staff: Staff) -> Person:
    """Returns the person of the staff: the account, or else, of a key without one, the key's name."""
    return Person(staff.actor, staff.account or " ".join(staff.name.casefold().split()), staff.account)


async def deciders(tx: Connection, contest: str, person: Person, roles: Collection[Role] = DECIDING) -> frozenset[str]:
    """Returns the accounts with one of these roles, those that may do the act; none: one person decides alone.

    Raises Forbidden if there are some and the person has no account.
    """
    names = await accounts.deciders(tx, contest, roles)
    if names and person.account is None:
        raise Forbidden(
            "two persons decide about this contest, each with an account: name yours with --as NAME, or with --key-file"
            " and a key that belongs to it"
        )
    return names


def check_second(person: Person, proposed_by: Person, names: Collection[str]) -> None:
    """Raises unless the person may confirm what another one proposed. `names`: of `deciders`.

    Forbidden: they are the same person. Stale: who proposed it has no account that may decide any more.
    """
    if person.actor == proposed_by.actor or alike(person.name) == alike(proposed_by.name):
        raise Forbidden("this takes a second person: who proposed it cannot confirm it")
    if names and proposed_by.name not in names:
        raise Stale(f"{proposed_by.actor}, who proposed it, has no account that may decide: undo it first")


class Agreed(NamedTuple):
    """Who agreed to an act: an account, and the one that proposed it; neither, where one person decides alone."""

    account: str | None = None
    proposed_by: str | None = None

    @property
    def details(self) -> dict[str, object]:
        """Returns what the act's record in the audit log says of its persons."""
        return {"persons": 2 if self.proposed_by else 1, **self._asdict()}


async def agree(
    tx: Connection,
    person: Person,
    action: audit.Action,
    contest: str,
    details: Mapping[str, object],
    *,
    reason: str = "",
    keep: bool = False,
) -> Agreed | None:
    """Returns who agreed, if the act, which owners and organisers may do, may be done; None if it is now proposed.

    `reason`: recorded with the proposal; the second person has their own. `keep`: a later transaction of the same act
    asks again. A different proposal replaces the pending one, and so does any if the account that proposed may no
    longer decide. Raises Forbidden if both are the same person, or the person has no account and needs one.
    """
    names = await deciders(tx, contest, person, ORGANISING)
    if not names or person.account is None:
        return Agreed()
    pending = await proposals.select(tx, contest, action)
    if pending and pending.details == details and pending.account in names:
        if pending.account == person.account:
            raise Forbidden("this takes a second person: who proposed it cannot confirm it")
        if not keep:
            await proposals.remove(tx, contest, action)
        return Agreed(person.account, pending.account)
    await proposals.put(tx, contest, action, StoredProposal(person.account, details))
    proposed = {"act": action, "account": person.account, **details, **({"reason": reason} if reason else {})}
    await audit.record(tx, person.actor, "second_person.propose", contest, proposed)
    return None
