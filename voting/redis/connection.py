"""Connects to Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from redis.exceptions import (
    AuthenticationError,
    ClusterCrossSlotError,
    ClusterDownError,
    MovedError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from voting.errors import SettingInvalid
from voting.redis import keys
from voting.redis.breaker import FAILED, REFUSED, Breaker
from voting.redis.client import Client, is_cluster, is_sentinel, opened, read_sentinel_url, sentinels_of
from voting.redis.tallies import TallyView
from voting.redis.turns import Turns
from voting.redis.values import Values

ANSWER_SECONDS = 0.5
CHECK_SECONDS = 3.0
# A ballot waits for this answer.
TURN_SECONDS = 0.2
# Most of a small cluster's nodes have some of a contest's parts; each costs a batch of ballots some calls.
CLUSTER_PARTS = 8


@dataclass(frozen=True, slots=True)
class Connected:
    """The uses of Redis."""

    view: TallyView
    turns: Turns
    values: Values


@asynccontextmanager
async def connected(url: str, parts: int = 0) -> AsyncIterator[Connected]:
    """Yields lazily connected pools; the service starts even if Redis is away.

    `parts`: of a contest's limits and counters, the same in every process; 0: as many as the kind of the address needs.
    """
    parts = parts or (CLUSTER_PARTS if is_cluster(url) else 1)
    # The script counts calls: a retry after a late answer would count twice.
    async with opened(url, ANSWER_SECONDS, retries=1) as slow, opened(url, TURN_SECONDS, retries=0) as quick:
        yield Connected(
            TallyView(slow, Breaker(2 * ANSWER_SECONDS)),
            Turns(quick, Breaker(2 * TURN_SECONDS), parts),
            Values(slow, Breaker(2 * ANSWER_SECONDS)),
        )


async def check_server(url: str) -> None:
    """Raises SettingInvalid if the address is of another kind than what answers there, or the password is refused.

    A server that is away raises nothing: the service starts without it.
    """
    try:
        if is_sentinel(url):
            await _check_sentinels(url)
        async with opened(url, CHECK_SECONDS, retries=0) as client:
            await _check_kind(url, client)
    except AuthenticationError:
        raise SettingInvalid(REFUSED) from None
    except FAILED:
        return


async def _check_kind(url: str, client: Client) -> None:
    try:
        if is_cluster(url):
            await client.ping()
        else:
            # The keys of two contests: every node of a cluster refuses to read both, whichever slots it has.
            await client.exists(keys.tally(UUID(int=0)), keys.tally(UUID(int=1)))
    except RedisClusterException as error:
        if "Cluster mode is not enabled" in str(error):
            raise SettingInvalid(
                "REDIS_URL names one server that is no node of a cluster; write it as redis:// or rediss://"
            ) from None
        raise
    except (ClusterCrossSlotError, ClusterDownError, MovedError):
        raise SettingInvalid(
            "REDIS_URL names a node of a cluster, where limits and fraud counters would be off; write it as"
            " redis+cluster:// or rediss+cluster://, or name a server with cluster-enabled no"
        ) from None
    except ResponseError as error:
        if "unknown command" in str(error).lower():
            raise SettingInvalid(
                "REDIS_URL names a Sentinel; write it as redis+sentinel://HOST:PORT/SERVICE, with the name of the"
                " service that it monitors"
            ) from None
        raise


async def _check_sentinels(url: str) -> None:
    """Raises SettingInvalid if a Sentinel that answers does not know the service, or is none."""
    service = read_sentinel_url(url).service
    async with sentinels_of(url, CHECK_SECONDS, retries=0) as every:
        for sentinel in every.sentinels:
            try:
                names = sorted(str(name) for name in await sentinel.sentinel_masters())
            except AuthenticationError:
                raise SettingInvalid("REDIS_URL's Sentinel refuses its password; set ?sentinel_password=") from None
            except ResponseError:
                raise SettingInvalid(
                    "REDIS_URL names a server that is no Sentinel; write it as redis://, or name the Sentinels' port"
                ) from None
            except RedisError:
                continue
            if service not in names:
                raise SettingInvalid(
                    f"REDIS_URL names the service {service}, and the Sentinel monitors {', '.join(names) or 'none'}"
                )
