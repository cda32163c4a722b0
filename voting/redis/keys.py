"""The shape of every key. A contest's keys share the hash tag {uid}, so a cluster keeps them on one node."""

from __future__ import annotations

from uuid import UUID

# A field of the tally's hash that equals no entry's code; present once the whole tally has been written.
COMPLETE = "*"


def turns(uid: UUID, place: int, subject: str) -> str:
    """String: microseconds; see lua/take_turns.lua. `subject` is a keyed hash, at this place of its call."""
    return f"voting:{{{uid}}}:turns:{place}:{subject}"


def ticket(uid: UUID, name: str) -> str:
    """String: the keyed hash of the voter who first used the ticket; see lua/take_turns.lua."""
    return f"voting:{{{uid}}}:ticket:{name}"


def counters(uid: UUID, seconds: int, window: int) -> str:
    """String: 32-bit counters of similar ballots in one window, numbered since 1970; see lua/take_turns.lua."""
    return f"voting:{{{uid}}}:counters:{seconds}:{window}"


def tally(uid: UUID) -> str:
    """Hash: entry code -> "version raw held counted", decimal integers; and COMPLETE -> "1"."""
    return f"voting:{{{uid}}}:tally"


def shared_token(kind: str, app: str) -> str:
    """String: an access token or ticket of an app of WeChat; expires when it must be renewed."""
    return f"voting:wechat:{kind}:{app}"


def shared_token_lease(kind: str, app: str) -> str:
    """String: a random value of the process that renews the token."""
    return f"voting:wechat:{kind}:{app}:lease"


def sign_in(uid: UUID, name: str) -> str:
    """String: a sign-in that was begun; see services/identity/sign_ins.py. `name` is the keyed hash of its state."""
    return f"voting:{{{uid}}}:sign-in:{name}"


def new_voters(uid: UUID, window: int, cell: str) -> str:
    """String: how many challenges were asked for in a window, by the keyed hash of a place."""
    return f"voting:{{{uid}}}:new-voters:{window}:{cell}"


def phone_code(uid: UUID, name: str) -> str:
    """String: the keyed hash of the code that was sent to a number. `name` is the keyed hash of the number."""
    return f"voting:{{{uid}}}:phone:{name}"


def phone_tries(uid: UUID, name: str) -> str:
    """String: how often the code was tried."""
    return f"voting:{{{uid}}}:phone:{name}:tries"
