"""The shape of every key. A contest's keys share the hash tag {uid}, so a cluster keeps them together."""

from __future__ import annotations

from uuid import UUID

# A field of the tally's hash that no entry's code can equal: present when the whole tally has been written.
COMPLETE = "*"


def tally(uid: UUID) -> str:
    """Hash: entry code -> "version raw held counted", decimal integers; and COMPLETE -> "1"."""
    return f"voting:{{{uid}}}:tally"
