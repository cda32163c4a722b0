"""The shape of every key. A cluster keeps those with one hash tag, {uid} or a part's of the contest, on one node."""

from __future__ import annotations

from functools import lru_cache
from itertools import count
from uuid import UUID

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot

# A field of the tally's hash that equals no entry's code; present once the whole tally has been written.
COMPLETE = "*"


@lru_cache(10_000)
def tag(uid: UUID, part: int, parts: int) -> str:
    """The hash tag of a part of a contest's limits and counters; that of the contest itself if it has one part only.

    Parts are spread evenly over the slots, of which each node of a cluster has a range.
    """
    if parts == 1:
        return str(uid)
    tags = (f"{uid}.{part}.{number}" for number in count())
    return next(tag for tag in tags if key_slot(tag.encode()) * parts // REDIS_CLUSTER_HASH_SLOTS == part)


def turns(tag: str, place: int, subject: str) -> str:
    """String: microseconds; see lua/take_turns.lua. `subject` is a keyed hash, at this place of its call."""
    return f"voting:{{{tag}}}:turns:{place}:{subject}"


def ticket(tag: str, name: str) -> str:
    """String: the keyed hash of the voter who first used the ticket; see lua/take_turns.lua."""
    return f"voting:{{{tag}}}:ticket:{name}"


def counters(tag: str, seconds: int, window: int) -> str:
    """String: 32-bit counters of similar ballots in one window, numbered since 1970; see lua/take_turns.lua."""
    return f"voting:{{{tag}}}:counters:{seconds}:{window}"


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
