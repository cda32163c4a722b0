"""Opens clients of Redis: one server, a cluster, or the primary that Sentinels name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, NamedTuple, cast
from urllib.parse import parse_qs, urlsplit, urlunsplit

from redis.asyncio import Redis, RedisCluster, Sentinel
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.connection import SSLConnection, parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

Client = Redis | RedisCluster


class SentinelUrl(NamedTuple):
    """`redis+sentinel://user:password@host:26379,host:26379/service/0?sentinel_password=...` and its rediss form."""

    hosts: list[tuple[str, int]]
    service: str
    options: dict[str, Any]
    """Of connections to the server itself."""
    sentinel_options: dict[str, Any]


@asynccontextmanager
async def opened(url: str, seconds: float, retries: int) -> AsyncIterator[Client]:
    """Yields a client that connects when it is used."""
    options = _options(seconds, retries)
    async with AsyncExitStack() as stack:
        client: Client
        if is_cluster(url):
            first, hosts = _first_host(url, 6379)
            nodes = [ClusterNode(host, port) for host, port in hosts[1:]]
            client = RedisCluster.from_url(first, startup_nodes=nodes, **options)
        elif is_sentinel(url):
            sentinels = await stack.enter_async_context(sentinels_of(url, seconds, retries))
            client = cast(Redis, sentinels.master_for(read_sentinel_url(url).service))
        else:
            client = Redis.from_url(url, **options)
        stack.push_async_callback(client.aclose)
        yield client


@asynccontextmanager
async def sentinels_of(url: str, seconds: float, retries: int) -> AsyncIterator[Sentinel]:
    """Yields the Sentinels."""
    read, options = read_sentinel_url(url), _options(seconds, retries)
    own = options | read.sentinel_options
    sentinels = Sentinel(read.hosts, sentinel_kwargs=own, **options, **read.options)  # type: ignore[no-untyped-call]
    try:
        yield sentinels
    finally:
        for sentinel in sentinels.sentinels:
            await sentinel.aclose()


def _options(seconds: float, retries: int) -> dict[str, Any]:
    return {
        "socket_timeout": seconds,
        "socket_connect_timeout": seconds,
        "health_check_interval": 10,
        "retry": Retry(NoBackoff(), retries),
        "client_name": "voting",
    }


def is_cluster(url: str) -> bool:
    """Whether the address is that of a cluster."""
    return url.startswith(("redis+cluster://", "rediss+cluster://"))


def is_sentinel(url: str) -> bool:
    """Whether the address is that of Sentinels."""
    return url.startswith(("redis+sentinel://", "rediss+sentinel://"))


def read_sentinel_url(url: str) -> SentinelUrl:
    """Returns the parts of Sentinels' address; settings.py has checked it."""
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    _, service, *database = parts.path.split("/")
    rest = "&".join(field for field in parts.query.split("&") if not field.startswith("sentinel_"))
    plain = urlunsplit(parts._replace(path="/" + "".join(database), query=rest))
    first, hosts = _first_host(plain, 26379)
    options = dict(parse_url(first))
    for name in ("host", "port"):
        options.pop(name, None)
    if options.pop("connection_class", None) is SSLConnection:
        options["ssl"] = True
    of_sentinels = {name: value for name, value in options.items() if name.startswith("ssl")}
    for name in ("username", "password"):
        if given := query.get(f"sentinel_{name}"):
            of_sentinels[name] = given[0]
    return SentinelUrl(hosts, service, options, of_sentinels)


def _first_host(url: str, port: int) -> tuple[str, list[tuple[str, int]]]:
    """Returns the address with its first host alone, as redis-py reads it, and every host."""
    parts = urlsplit(url)
    credentials, at, hosts = parts.netloc.rpartition("@")
    each = [urlsplit(f"//{host}") for host in hosts.split(",")]
    scheme = parts.scheme.partition("+")[0]
    first = urlunsplit(parts._replace(scheme=scheme, netloc=f"{credentials}{at}{each[0].netloc}"))
    return first, [(host.hostname or "", host.port or port) for host in each]
