"""Staff: roles, accounts, keys, and whoever acts with one of them."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Role = Literal["owner", "organiser", "reviewer", "judge", "auditor"]
ROLES: tuple[Role, ...] = get_args(Role)
KEY_ROLES: tuple[Role, ...] = ("organiser", "reviewer", "judge", "auditor")
DECIDING: frozenset[Role] = frozenset({"owner", "organiser", "reviewer"})
"""The roles that can change a result: their accounts need a second factor."""
ORGANISING: frozenset[Role] = frozenset({"owner", "organiser"})
Scope = Literal["read", "write"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_NAME_CHARACTERS = 64


@dataclass(frozen=True, slots=True)
class Grant:
    """A role for one contest; None means every contest."""

    role: Role
    contest: str | None

    def __str__(self) -> str:
        return f"{self.role}@{self.contest or '*'}"


@dataclass(frozen=True, slots=True)
class Staff:
    """Who acts, with an account or a key: `actor` in the audit log. A key may belong to an account, or to nobody."""

    actor: str
    name: str
    account: str | None
    grants: tuple[Grant, ...]
    scopes: Collection[str] = SCOPES

    def roles(self, contest: str) -> frozenset[Role]:
        """Returns the roles for a contest."""
        return frozenset(grant.role for grant in self.grants if grant.contest in (None, contest))

    def may(self, roles: Collection[Role], contest: str | None) -> bool:
        """Whether one of the grants is of these roles and covers the contest; None: all of them."""
        return any(grant.role in roles and grant.contest in (None, contest) for grant in self.grants)


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the staff. `totp_secret` is encrypted; None: no code is asked for."""

    name: str
    password_hash: str
    totp_secret: bytes | None
    created_at: datetime
    grants: tuple[Grant, ...]

    @property
    def staff(self) -> Staff:
        """Returns the person as somebody who acts."""
        return Staff(f"account:{self.name}", self.name, self.name, self.grants)


@dataclass(frozen=True, slots=True)
class StaffKey:
    """A staff key; only its hash is stored. `contest` None means every contest."""

    id: str
    name: str
    role: Role
    contest: str | None
    key_hash: bytes
    created_at: datetime
    revoked_at: datetime | None
    account: str | None
    scopes: Collection[str]
    expires_at: datetime | None

    @property
    def staff(self) -> Staff:
        """Returns whoever acts with this key."""
        return Staff(f"key:{self.id}", self.name, self.account, (Grant(self.role, self.contest),), self.scopes)


def account_name(text: str) -> str | None:
    """Returns the name as it is stored, in one spelling; None if it cannot be one.

    It has letters and digits of any script, and `.`, `_` and `-`.
    """
    name = unicodedata.normalize("NFKC", text.strip()).casefold()
    is_name = 0 < len(name) <= _NAME_CHARACTERS and all(each.isalnum() or each in "._-" for each in name)
    return name if is_name else None
