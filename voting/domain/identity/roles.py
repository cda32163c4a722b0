"""Staff keys and their roles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Role = Literal["organiser", "judge", "auditor"]


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

    @property
    def actor(self) -> str:
        """Who acts with this key, in the audit log."""
        return f"key:{self.id}"
