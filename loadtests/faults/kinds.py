"""The kinds of faults: each breaks something for a time, and heals it. Only processes of the run are signalled."""

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
from loadtests.faults.environment import Environment
from loadtests.faults.evidence import Mute
from loadtests.faults.proxy import Proxy
from voting.wiring import admin

WORKER_BACK_SECONDS = 20.0
# A hundred connections take a while.
FILL_SECONDS = 2.5
Act = Callable[[Environment, Random, float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`act` breaks something, waits, and heals it. `disk`: needs a disk of its own."""

    name: str
    act: Act
    mute: Mute = "never"
    disk: bool = False


async def _worker_kill(environment: Environment, random: Random, seconds: float) -> None:
    random.choice(environment.service.children()).kill()


async def _workers_kill(environment: Environment, random: Random, seconds: float) -> None:
    for worker in environment.service.children():
        worker.kill()


async def _worker_stop(environment: Environment, random: Random, seconds: float) -> None:
    await _stopped([random.choice(environment.service.children())], seconds)


async def _workers_renewed(environment: Environment, random: Random, seconds: float) -> None:
    """A rolling restart: each worker is ended when the one before it has been replaced."""
    for worker in environment.service.children():
        with suppress(psutil.NoSuchProcess):
            worker.terminate()
        await _ended([worker], WORKER_BACK_SECONDS)
        await environment.recovered(WORKER_BACK_SECONDS)


async def _service_restart(environment: Environment, random: Random, seconds: float) -> None:
    await asyncio.to_thread(environment.service.stop)
    await environment.start()


async def _service_kill(environment: Environment, random: Random, seconds: float) -> None:
    await asyncio.to_thread(environment.service.stop, signal.SIGKILL)
    await environment.start()


async def _redis_kill(environment: Environment, random: Random, seconds: float) -> None:
    await _killed([environment.valkey()])


async def _redis_stop(environment: Environment, random: Random, seconds: float) -> None:
    await _stopped([environment.valkey()], seconds)


async def _redis_full(environment: Environment, random: Random, seconds: float) -> None:
    async with _redis(environment) as redis:
        former = str((await redis.config_get("maxmemory"))["maxmemory"])
        await redis.config_set("maxmemory", "1mb")
        await asyncio.sleep(seconds)
        await redis.config_set("maxmemory", former)


async def _redis_flush(environment: Environment, random: Random, seconds: float) -> None:
    async with _redis(environment) as redis:
        await redis.flushall()


async def _postgres_kill(environment: Environment, random: Random, seconds: float) -> None:
    await _killed(_postgres(environment))


async def _postgres_restart(environment: Environment, random: Random, seconds: float) -> None:
    postmaster = environment.postmaster()
    postmaster.send_signal(signal.SIGINT)
    await _ended([postmaster], 20)


async def _postgres_stop(environment: Environment, random: Random, seconds: float) -> None:
    await _stopped(_postgres(environment), seconds)


async def _postgres_lock(environment: Environment, random: Random, seconds: float) -> None:
    table = random.choice(("ballots", "batches", "tallies", "contests", "gates"))
    connection = await _connect(environment)
    async with connection.transaction():
        await connection.execute(f"lock table {table} in access exclusive mode")
        await asyncio.sleep(seconds)
    await connection.close()


async def _postgres_connections(environment: Environment, random: Random, seconds: float) -> None:
    """Takes all connections of the server, those of the service too."""
    taken: list[asyncpg.Connection[asyncpg.Record]] = []
    until = time.monotonic() + max(seconds, FILL_SECONDS)
    first = await _connect(environment)
    await first.execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'voting'")
    while time.monotonic() < until:
        try:
            taken.append(await _connect(environment))
        except (asyncpg.PostgresError, OSError):
            await asyncio.sleep(0.05)
    for connection in (*taken, first):
        connection.terminate()


async def _disk_full(environment: Environment, random: Random, seconds: float) -> None:
    assert environment.disk is not None
    try:
        for _ in range(max(1, round(seconds / 0.2))):
            await asyncio.to_thread(disk.fill, environment.disk)
            await asyncio.sleep(0.2)
    finally:
        disk.make_room(environment.disk)


async def _power_cut(environment: Environment, random: Random, seconds: float) -> None:
    assert environment.disk is not None
    processes = _postgres(environment)
    disk.power_cut(environment.disk)
    await _killed(processes)
    await asyncio.to_thread(disk.power_on, environment.disk)


async def _contest_paused(environment: Environment, random: Random, seconds: float) -> None:
    async with admin.services(environment.settings(), "nemesis") as office:
        await office.contest_admin.pause(environment.contest)
        await asyncio.sleep(seconds)
        await office.contest_admin.resume(environment.contest)


def _slow(name: str) -> Act:
    async def act(environment: Environment, random: Random, seconds: float) -> None:
        await _through(name, lambda proxy: proxy.delay(random.choice((0.02, 0.1, 0.6))))(environment, random, seconds)

    return act


def _truncate(proxy: Proxy) -> None:
    proxy.truncate(8)


def _through(name: str, breaks: Callable[[Proxy], None]) -> Act:
    async def act(environment: Environment, random: Random, seconds: float) -> None:
        proxy: Proxy = getattr(environment, name)
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
        Kind("redis_gone", _through("redis", Proxy.cut)),
        Kind("redis_slow", _slow("redis")),
        Kind("redis_half_open", _through("redis", Proxy.half_open)),
        Kind("redis_truncated", _through("redis", _truncate)),
        Kind("postgres_kill", _postgres_kill),
        Kind("postgres_restart", _postgres_restart),
        Kind("postgres_stop", _postgres_stop),
        Kind("postgres_lock", _postgres_lock),
        Kind("postgres_connections", _postgres_connections),
        Kind("postgres_gone", _through("postgres", Proxy.cut)),
        Kind("postgres_hangs", _through("postgres", Proxy.hang)),
        Kind("postgres_slow", _slow("postgres")),
        Kind("postgres_half_open", _through("postgres", Proxy.half_open)),
        Kind("postgres_truncated", _through("postgres", _truncate)),
        Kind("clients_cut", _through("clients", Proxy.cut), "always"),
        Kind("clients_slow", _slow("clients")),
        Kind("clients_half_open", _through("clients", Proxy.half_open), "always"),
        Kind("clients_truncated", _through("clients", _truncate), "always"),
        Kind("contest_paused", _contest_paused),
        Kind("disk_full", _disk_full, disk=True),
        Kind("power_cut", _power_cut, disk=True),
    )
}


async def reachable(environment: Environment) -> bool:
    """Whether both engines answer, without the proxies."""
    try:
        async with asyncio.timeout(2):
            connection = await _connect(environment)
            await connection.close()
            async with _redis(environment) as redis:
                await redis.ping()
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, psutil.Error, RedisError):
        return False
    return True


def _postgres(environment: Environment) -> list[psutil.Process]:
    postmaster = environment.postmaster()
    return [postmaster, *postmaster.children(recursive=True)]


async def _killed(processes: Sequence[psutil.Process]) -> None:
    for each in processes:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    await _ended(processes, 10)


async def _ended(processes: Sequence[psutil.Process], seconds: float) -> None:
    """Waits for their end. Not by wait(): they are children of the launcher of the engines, which must see it."""
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


async def _connect(environment: Environment) -> asyncpg.Connection[asyncpg.Record]:
    named = {"application_name": "nemesis"}
    return await asyncpg.connect(environment.addresses.owner_url, timeout=2, server_settings=named)


def _redis(environment: Environment) -> Redis:
    return Redis.from_url(
        environment.addresses.redis_url, socket_timeout=2, socket_connect_timeout=2, decode_responses=True
    )
