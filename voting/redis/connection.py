"""Connects to Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from voting.redis.breaker import Breaker
from voting.redis.tallies import TallyView
from voting.redis.turns import Turns

ANSWER_SECONDS = 0.5
# A ballot waits for this answer.
TURN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Connected:
    """What Redis is used for."""

    view: TallyView
    turns: Turns


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connected]:
    """Lazily connected pools; a Redis that is away is no reason not to start."""
    # The script of the turns counts: sent a second time, because its answer was late, it would count twice.
    slow, quick = _redis(url, ANSWER_SECONDS, retries=1), _redis(url, TURN_SECONDS, retries=0)
    try:
        yield Connected(TallyView(slow, Breaker(2 * ANSWER_SECONDS)), Turns(quick, Breaker(2 * TURN_SECONDS)))
    finally:
        await slow.aclose()
        await quick.aclose()


def _redis(url: str, seconds: float, retries: int) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        health_check_interval=10,
        retry=Retry(NoBackoff(), retries),
        client_name="voting",
    )
