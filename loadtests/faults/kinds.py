"""The kinds of faults: each breaks something for a time, and heals it. Only the arena's own processes are signalled."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from random import Random

import asyncpg
import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from loadtests.faults import disk
from loadtests.faults.arena import Arena
from loadtests.faults.evidence import Mute
from loadtests.faults.proxy import Proxy

WORKER_BACK_SECONDS = 20.0
# A hundred connections take a while.
FILL_SECONDS = 2.5
Act = Callable[[Arena, Random, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`act` breaks, waits for the seconds given, and heals. `disk`: only on a disk of our own."""

    name: str
    act: Act
    mute: Mute = "never"
    disk: bool = False


async def _worker_kill(arena: Arena, random: Random, seconds: float) -> None:
    random.choice(arena.service.workers()).kill()


async def _workers_kill(arena: Arena, random: Random, seconds: float) -> None:
    for worker in arena.service.workers():
        worker.kill()


async def _worker_stop(arena: Arena, random: Random, seconds: float) -> None:
    await _stopped([random.choice(arena.service.workers())], seconds)


async def _workers_renewed(arena: Arena, random: Random, seconds: float) -> None:
    """A rolling restart: one worker after the other is told to end, and the next when there is another for it."""
    for worker in arena.service.workers():
        with suppress(psutil.NoSuchProcess):
            worker.terminate()
        await _ended([worker], WORKER_BACK_SECONDS)
        await arena.service.ready(WORKER_BACK_SECONDS)


async def _service_restart(arena: Arena, random: Random, seconds: float) -> None:
    await arena.service.stop()
    await arena.service.start()


async def _service_kill(arena: Arena, random: Random, seconds: float) -> None:
    await arena.service.stop(signal.SIGKILL)
    await arena.service.start()


async def _redis_kill(arena: Arena, random: Random, seconds: float) -> None:
    await _killed([arena.valkey()])


async def _redis_stop(arena: Arena, random: Random, seconds: float) -> None:
    await _stopped([arena.valkey()], seconds)


async def _redis_full(arena: Arena, random: Random, seconds: float) -> None:
    async with _redis(arena) as redis:
        former = str((await redis.config_get("maxmemory"))["maxmemory"])
        await redis.config_set("maxmemory", "1mb")
        await asyncio.sleep(seconds)
        await redis.config_set("maxmemory", former)


async def _redis_flush(arena: Arena, random: Random, seconds: float) -> None:
    async with _redis(arena) as redis:
        await redis.flushall()


async def _postgres_kill(arena: Arena, random: Random, seconds: float) -> None:
    await _killed(_postgres(arena))


async def _postgres_restart(arena: Arena, random: Random, seconds: float) -> None:
    postmaster = arena.postmaster()
    postmaster.send_signal(signal.SIGINT)
    await _ended([postmaster], 20)


async def _postgres_stop(arena: Arena, random: Random, seconds: float) -> None:
    await _stopped(_postgres(arena), seconds)


async def _postgres_lock(arena: Arena, random: Random, seconds: float) -> None:
    table = random.choice(("ballots", "tallies", "contests", "voters"))
    connection = await _connect(arena)
    async with connection.transaction():
        await connection.execute(f"lock table {table} in access exclusive mode")
        await asyncio.sleep(seconds)
    await connection.close()


async def _postgres_connections(arena: Arena, random: Random, seconds: float) -> None:
    """All of the server's connections are taken, the service's own too."""
    taken: list[asyncpg.Connection[asyncpg.Record]] = []
    until = time.monotonic() + max(seconds, FILL_SECONDS)
    first = await _connect(arena)
    await first.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'voting'")
    while time.monotonic() < until:
        try:
            taken.append(await _connect(arena))
        except (asyncpg.PostgresError, OSError):
            await asyncio.sleep(0.05)
    for connection in (*taken, first):
        connection.terminate()


async def _disk_full(arena: Arena, random: Random, seconds: float) -> None:
    assert arena.disk is not None
    try:
        for _ in range(max(1, round(seconds / 0.2))):
            await asyncio.to_thread(disk.fill, arena.disk)
            await asyncio.sleep(0.2)
    finally:
        disk.make_room(arena.disk)


async def _power_cut(arena: Arena, random: Random, seconds: float) -> None:
    assert arena.disk is not None
    processes = _postgres(arena)
    disk.power_cut(arena.disk)
    await _killed(processes)
    await asyncio.to_thread(disk.power_on, arena.disk)


def _cut(name: str) -> Act:
    return _through(name, Proxy.cut)


def _hang(name: str) -> Act:
    return _through(name, Proxy.hang)


def _slow(name: str) -> Act:
    async def act(arena: Arena, random: Random, seconds: float) -> None:
        await _through(name, lambda proxy: proxy.delay(random.choice((0.02, 0.1, 0.6))))(arena, random, seconds)

    return act


def _truncated(name: str) -> Act:
    return _through(name, lambda proxy: proxy.truncate(8))


def _half_open(name: str) -> Act:
    return _through(name, Proxy.half_open)


def _through(name: str, breaks: Callable[[Proxy], None]) -> Act:
    async def act(arena: Arena, random: Random, seconds: float) -> None:
        proxy: Proxy = getattr(arena, name)
        breaks(proxy)
        await asyncio.sleep(seconds)
        proxy.heal()

    return act


KINDS = {
    kind.name: kind
    for kind in (
        Kind("worker_kill", _worker_kill, "always"),
        Kind("workers_kill", _workers_kill, "always"),
        Kind("worker_stop", _worker_stop, "always"),
        Kind("workers_renewed", _workers_renewed, "late"),
        Kind("service_restart", _service_restart, "late"),
        Kind("service_kill", _service_kill, "always"),
        Kind("redis_kill", _redis_kill),
        Kind("redis_stop", _redis_stop),
        Kind("redis_full", _redis_full),
        Kind("redis_flush", _redis_flush),
        Kind("redis_gone", _cut("redis")),
        Kind("redis_slow", _slow("redis")),
        Kind("redis_half_open", _half_open("redis")),
        Kind("redis_truncated", _truncated("redis")),
        Kind("postgres_kill", _postgres_kill),
        Kind("postgres_restart", _postgres_restart),
        Kind("postgres_stop", _postgres_stop),
        Kind("postgres_lock", _postgres_lock),
        Kind("postgres_connections", _postgres_connections),
        Kind("postgres_gone", _cut("postgres")),
        Kind("postgres_hangs", _hang("postgres")),
        Kind("postgres_slow", _slow("postgres")),
        Kind("postgres_half_open", _half_open("postgres")),
        Kind("postgres_truncated", _truncated("postgres")),
        Kind("clients_cut", _cut("clients"), "always"),
        Kind("clients_slow", _slow("clients")),
        Kind("clients_half_open", _half_open("clients"), "always"),
        Kind("clients_truncated", _truncated("clients"), "always"),
        Kind("disk_full", _disk_full, disk=True),
        Kind("power_cut", _power_cut, disk=True),
    )
}


async def reachable(arena: Arena) -> bool:
    """Whether both engines answer, past the proxies."""
    try:
        async with asyncio.timeout(2):
            connection = await _connect(arena)
            await connection.close()
            async with _redis(arena) as redis:
                await redis.ping()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, psutil.Error, RedisError):
        return False
    return True


def _postgres(arena: Arena) -> list[psutil.Process]:
    postmaster = arena.postmaster()
    return [postmaster, *postmaster.children(recursive=True)]


async def _killed(processes: Sequence[psutil.Process]) -> None:
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    await _ended(processes, 10)


async def _ended(processes: Sequence[psutil.Process], seconds: float) -> None:
    """Waits for their end without taking it from the engines' owner, whose children they are."""
    until = time.monotonic() + seconds
    while any(map(_alive, processes)) and time.monotonic() < until:
        await asyncio.sleep(0.02)


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


async def _stopped(processes: Sequence[psutil.Process], seconds: float) -> None:
    try:
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                each.suspend()
        await asyncio.sleep(seconds)
    finally:
        for each in processes:
            with suppress(psutil.NoSuchProcess):
                each.resume()


async def _connect(arena: Arena) -> asyncpg.Connection[asyncpg.Record]:
    named = {"application_name": "nemesis"}
    return await asyncpg.connect(arena.addresses.owner_url, timeout=2, server_settings=named)


def _redis(arena: Arena) -> Redis:
    return Redis.from_url(arena.addresses.redis_url, socket_timeout=2, socket_connect_timeout=2, decode_responses=True)
