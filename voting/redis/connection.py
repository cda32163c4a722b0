"""Connects to Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    AuthenticationError,
    ClusterCrossSlotError,
    ClusterDownError,
    MovedError,
    RedisError,
    ResponseError,
)

from voting.errors import SettingInvalid
from voting.redis import keys
from voting.redis.breaker import REFUSED, Breaker
from voting.redis.tallies import TallyView
from voting.redis.turns import Turns
from voting.redis.values import Values

ANSWER_SECONDS = 0.5
CHECK_SECONDS = 3.0
# A ballot waits for this answer.
TURN_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Connected:
    """The uses of Redis."""

    view: TallyView
    turns: Turns
    values: Values


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Connected]:
    """Yields lazily connected pools; the service starts even if Redis is away."""
    # The script counts calls: a retry after a late answer would count twice.
    slow, quick = _redis(url, ANSWER_SECONDS, retries=1), _redis(url, TURN_SECONDS, retries=0)
    try:
        yield Connected(
            TallyView(slow, Breaker(2 * ANSWER_SECONDS)),
            Turns(quick, Breaker(2 * TURN_SECONDS)),
            Values(slow, Breaker(2 * ANSWER_SECONDS)),
        )
    finally:
        await slow.aclose()
        await quick.aclose()


async def check_server(url: str) -> None:
    """Raises SettingInvalid if the server is not a plain Redis or refuses the password.

    A server that is away raises nothing: the service starts without it.
    """
    async with _redis(url, CHECK_SECONDS, retries=0) as client:
        try:
            # The keys of two contests: every node of a cluster refuses to read both, whichever slots it has.
            await client.exists(keys.tally(UUID(int=0)), keys.tally(UUID(int=1)))
        except (ClusterCrossSlotError, ClusterDownError, MovedError):
            raise SettingInvalid(
                "REDIS_URL names a node of a cluster, where limits and fraud counters would be off; name a plain Redis"
                " or Valkey (cluster-enabled no)"
            ) from None
        except AuthenticationError:
            raise SettingInvalid(REFUSED) from None
        except ResponseError as error:
            if "unknown command" in str(error).lower():
                raise SettingInvalid("REDIS_URL names a Sentinel; name the Redis or Valkey itself") from None
        except RedisError:
            return


def _redis(url: str, seconds: float, retries: int) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        health_check_interval=10,
        retry=Retry(NoBackoff(), retries),
        client_name="voting",
    )
