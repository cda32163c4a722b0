"""One attempt to cast one ballot for one entry, as recorded: the backtest's line, and what the live path observes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from voting.domain.identity.channel import Channel
from voting.fraud.facts.facts import Facts

# Of the headers that a request may have, those that tell something; lower case, as in Attempt.
HEADERS = (
    "accept-language",
    "sec-ch-ua",
    "sec-ch-ua-platform",
    "sec-ch-ua-mobile",
    "sec-fetch-site",
    "origin",
    "referer",
)


# What JSON gave has no cycles: the garbage collector need not look at any of them.
class Client(msgspec.Struct, frozen=True, gc=False):
    """What the page reported of itself. All of it can be forged."""

    screen: str | None = None
    dpr: float | None = None
    languages: Any = None
    timezone: str | None = None
    platform: str | None = None


class Solved(msgspec.Struct, frozen=True, gc=False):
    """A proof of work that was asked for: whether it held, and how long it took in milliseconds."""

    passed: bool | None = None
    ms: float | None = None


class Attempt(msgspec.Struct, frozen=True, gc=False):
    """See the backtest's contract. All but the first four may be unknown: what is unknown weighs nothing."""

    id: str
    at: datetime
    voter: str
    entry: str
    channel: Channel | None = None
    device: str | None = None
    device_issued_at: datetime | None = None
    opened_at: datetime | None = None
    ip: str | None = None
    asn: Annotated[int, msgspec.Meta(ge=0, lt=1 << 32)] | None = None
    hosting: bool | None = None
    user_agent: str | None = None
    headers: dict[str, Any] | None = None
    client: Client | None = None
    challenge: Solved | None = None
    facts: Facts | None = None
    """As a live service recorded them, which keeps nothing of what they were made from: they win over all of it."""
    category: str | None = None
    """Of the entry; quotas per category need it where the contest has several."""
    ballot: str | None = None
    """The same for the picks of one ballot, whose lines stand one after another; None: this pick is all of it."""
