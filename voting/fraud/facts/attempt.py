"""The observed sender of a ballot, and an attempt to vote for one entry: a line of the backtest."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from voting.domain.identity.channel import Channel
from voting.fraud.facts.facts import Facts

# The request headers used as signals; lower case, as in Attempt.
HEADERS = (
    "accept-language",
    "sec-ch-ua",
    "sec-ch-ua-platform",
    "sec-ch-ua-mobile",
    "sec-fetch-site",
    "origin",
    "referer",
)


# Values from JSON have no cycles, so the garbage collector need not track them.
class Client(msgspec.Struct, frozen=True, gc=False):
    """The page's report about itself. All of it can be forged."""

    screen: str | None = None
    dpr: float | None = None
    languages: Any = None
    timezone: str | None = None
    platform: str | None = None


class Solved(msgspec.Struct, frozen=True, gc=False):
    """A requested proof of work: whether it was valid, and how long it took in milliseconds."""

    passed: bool | None = None
    ms: float | None = None


class Verification(msgspec.Struct, frozen=True, gc=False):
    """Whether chance chose the voter to confirm with this ballot, the share of voters it chose, and the answer."""

    asked: bool = False
    confirmed: bool = False
    share: Annotated[float, msgspec.Meta(gt=0, le=1)] = 1.0


class Sighting(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The observed sender of a ballot. All but the moment may be unknown; unknown values have no effect."""

    at: datetime
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
    risk: Annotated[int, msgspec.Meta(ge=0, le=4)] | None = None
    """WeChat's risk rank of the mini program's user, at the sign-in."""


class Attempt(Sighting, frozen=True, gc=False, kw_only=True):
    """A line of a backtest: see its contract."""

    id: str
    voter: str
    entry: str
    facts: Facts | None = None
    """Facts recorded by a live service, which does not keep their inputs: they override everything else."""
    category: str | None = None
    """The entry's category; quotas per category need it if the contest has several."""
    verification: Verification | None = None
    """Of the first pick of the ballot that the voter was asked with; no decision follows from it."""
    ballot: str | None = None
    """The same for the picks of one ballot, whose lines are consecutive; None: the ballot has only this pick."""
