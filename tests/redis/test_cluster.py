"""A cluster of six nodes, and a primary with its replica under a Sentinel: limits are exact, also after a failover."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from redis import Redis
from redis.crc import key_slot
from redis.exceptions import RedisError

from tests.conftest import Contests, cast, environment_of, eventually, free_port, serving
from tests.redis.test_server import valkey
from voting.domain.ballots.rate import read_rate
from voting.domain.results.scoring import Tally
from voting.errors import SettingInvalid, TryAgain
from voting.fraud.online.counters import Cells
from voting.redis import keys
from voting.redis.connection import Connected, check_server, connected
from voting.redis.turns import Call
from voting.settings import Settings

WIDE = read_rate("1000000/second")
TEN = read_rate("10/hour")
NOW = 1_800_000_000.0
SLOTS = 16384


@dataclass
class Cluster:
    """Three primaries with a replica each."""

    addresses: list[str]

    def url(self, *places: int) -> str:
        return "redis+cluster://" + ",".join(self.addresses[place] for place in places)

    def owner(self, uid: UUID) -> str:
        """Returns the address of the primary that has a contest's keys."""
        slot = key_slot(keys.tally(uid).encode())
        with client(self.living()[0]) as redis:
            for first, last, (host, port, *_), *_ in redis.execute_command("CLUSTER SLOTS"):
                if first <= slot <= last:
                    return f"{host.decode()}:{port}"
        raise AssertionError(slot)

    def nodes_of(self, uid: UUID) -> set[str]:
        """Returns the primaries that have parts of a contest's limits and counters."""
        found = set()
        for address in self.living():
            with client(address) as redis:
                if redis.info("replication")["role"] == "master" and any(redis.scan_iter(f"voting:{{{uid}.*")):
                    found.add(address)
        return found

    def living(self) -> list[str]:
        return [address for address in self.addresses if answers(address)]

    def kill_owner(self, uid: UUID) -> None:
        kill(self.owner(uid))


def client(address: str) -> Redis:
    host, _, port = address.rpartition(":")
    # Answers as the server gives them.
    redis = Redis(host=host, port=int(port))
    redis.response_callbacks.pop("CLUSTER SLOTS", None)
    return redis


def answers(address: str) -> bool:
    try:
        with client(address) as redis:
            return bool(redis.ping())
    except RedisError:
        return False


def kill(address: str) -> None:
    with client(address) as redis:
        os.kill(redis.info("server")["process_id"], signal.SIGKILL)


def wait(check: Callable[[], object], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    options = [
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        "1000",
        "--save",
        "",
        "--repl-diskless-sync-delay",
        "0",
    ]
    with ExitStack() as stack:
        addresses = []
        for number in range(6):
            (folder := tmp_path / str(number)).mkdir()
            addresses.append(stack.enter_context(valkey(folder, *options)))
        nodes = [stack.enter_context(client(address)) for address in addresses]
        for number, node in enumerate(nodes[:3]):
            node.execute_command("CLUSTER ADDSLOTSRANGE", SLOTS * number // 3, SLOTS * (number + 1) // 3 - 1)
        for number, node in enumerate(nodes):
            node.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            if number:
                bus = nodes[0].config_get("cluster-port")["cluster-port"]
                node.execute_command("CLUSTER MEET", *addresses[0].split(":"), bus)
        wait(lambda: all(b"cluster_known_nodes:6" in raw(node, "CLUSTER INFO") for node in nodes))
        for node, primary in zip(nodes[3:], nodes[:3], strict=True):
            node.execute_command("CLUSTER REPLICATE", raw(primary, "CLUSTER MYID").decode())
        wait(lambda: all(b"cluster_state:ok" in raw(node, "CLUSTER INFO") for node in nodes))
        wait(lambda: all(node.info("replication")["master_link_status"] == "up" for node in nodes[3:]))
        yield Cluster(addresses)


def raw(node: Redis, command: str) -> bytes:
    node.response_callbacks.pop(command, None)
    answer: bytes = node.execute_command(command)  # type: ignore[no-untyped-call]
    return answer


async def admitted(redis: Connected, uid: UUID, voter: str, calls: int) -> int:
    """Returns how many calls at once were let through."""
    taken = await redis.turns.take(uid, [Call((voter, "a"), Cells((7,), (), ()))] * calls, (TEN, WIDE), NOW)
    return sum(each.wait == 0 for each in taken)


async def test_limits_are_exact_on_every_node_before_and_after_the_owner_is_killed(
    cluster: Cluster, settings: Settings
) -> None:
    contests = [uuid4() for _ in range(40)]
    assert len({cluster.owner(uid) for uid in contests}) == 3
    await check_server(cluster.url(0))
    with pytest.raises(SettingInvalid, match=r"write it as redis\+cluster://"):
        await check_server(f"redis://{cluster.addresses[3]}")
    with pytest.raises(SettingInvalid, match="no node of a cluster; write it as redis://"):
        await check_server(settings.redis_url.replace("redis://", "redis+cluster://").removesuffix("/0"))
    # Nobody there: the service starts without it.
    await check_server(f"redis+cluster://127.0.0.1:{free_port()}")
    async with connected(cluster.url(0, 4)) as first, connected(cluster.url(1)) as second:

        async def racing(uid: UUID, voter: str) -> int:
            return sum(await asyncio.gather(*(admitted(redis, uid, voter, 4) for redis in (first, second) * 2)))

        async def is_connected() -> bool:
            with suppress(TryAgain):
                return await racing(uuid4(), "v") == 10
            return False

        # On a busy machine the first connections take longer than a ballot waits for.
        await eventually(is_connected, 60)
        assert [await racing(uid, "v") for uid in contests] == [10] * len(contests)
        # Of one contest, voters with few ballots and a counter that they share: no node has them all.
        assert await admit_each(first, contests[0], 200) == list(range(1, 201))
        assert len(cluster.nodes_of(contests[0])) == 3
        for uid in contests:
            await first.view.write(uid, {"A001": Tally(3, 1, 2, 5)}, "complete")
            assert await second.view.read(uid) == {"A001": Tally(3, 1, 2, 5)}
            assert await second.values.count([keys.new_voters(uid, 1, cell) for cell in "ab"], 60) == [1, 1]
        await first.values.put(keys.phone_code(contests[0], "x"), "code", 60)
        assert (await second.values.get(keys.phone_code(contests[0], "x")) or ("", 0))[0] == "code"
        assert await second.values.take(keys.phone_code(contests[0], "x")) == "code"
        lost = cluster.owner(contests[0])
        others = [uid for uid in contests if cluster.owner(uid) != lost]
        cluster.kill_owner(contests[0])

        async def is_back() -> bool:
            try:
                return [
                    await racing(contests[0], f"probe {time.monotonic()}"),
                    await second.view.read(contests[0]),
                ] == [
                    10,
                    {"A001": Tally(3, 1, 2, 5)},
                ]
            except TryAgain:
                return False

        await eventually(is_back, 60)
        await eventually(lambda: all_answer(first, second, others), 30)
        assert [await racing(uid, "w") for uid in contests] == [10] * len(contests)
        assert await admit_each(second, contests[1], 200) == list(range(1, 201))
        assert len(cluster.nodes_of(contests[1])) == 3
        # What a replica had when its primary died is kept.
        assert [await racing(uid, "v") for uid in contests] == [0] * len(contests)


async def admit_each(redis: Connected, uid: UUID, voters: int) -> list[int]:
    """Returns the values of a counter that each of so many voters adds to once."""
    values = []
    for first in range(0, voters, 20):
        calls = [Call((f"voter {number}", "a"), Cells((), (5,), ())) for number in range(first, first + 20)]
        taken = await redis.turns.take(uid, calls, (TEN, WIDE), NOW)
        values += [each.cells.slow[0] for each in taken if each.cells]
    return values


async def all_answer(first: Connected, second: Connected, contests: list[UUID]) -> bool:
    try:
        for uid in contests:
            await asyncio.gather(first.view.read(uid), second.view.read(uid))
    except TryAgain:
        return False
    return True


@pytest.mark.campaign
async def test_no_ballot_is_refused_while_the_owner_of_its_contest_fails_over(
    settings: Settings, contests: Contests, cluster: Cluster
) -> None:
    contest = await contests.make()
    async with contests.office() as office:
        uid = (await office.contest_cache.get(contest)).uid
    environment = environment_of(settings) | {"REDIS_URL": cluster.url(0, 1, 2)}
    with serving(environment, "--workers", "2") as (url, _):
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            tokens = contests.tokens(contest, 60)
            for number, token in enumerate(tokens):
                if number == 10:
                    lost = cluster.owner(uid)
                    cluster.kill_owner(uid)
                assert (await cast(http, contest, token, ["A001"])).status_code == 201
                await asyncio.sleep(0.05)
            assert cluster.owner(uid) != lost

            async def redis_has_all() -> bool:
                async with connected(cluster.url(1, 2, 4)) as redis:
                    try:
                        tally = await redis.view.read(uid)
                    except TryAgain:
                        return False
                return bool(tally) and tally is not None and tally["A001"].counted == 60

            await eventually(redis_has_all, 60)


@pytest.fixture(scope="module")
def sentinel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The addresses of a Sentinel with a password, and of a primary with another, which has a replica."""
    with ExitStack() as stack:
        folders = [tmp_path_factory.mktemp(name) for name in ("one", "two", "sentinel")]
        password = ["--requirepass", "secret", "--masterauth", "secret", "--repl-diskless-sync-delay", "0"]
        primary = stack.enter_context(valkey(folders[0], *password))
        stack.enter_context(valkey(folders[1], *password, "--replicaof", primary.replace(":", " ")))
        # The Sentinel asks its primary for replicas when it starts, then every ten seconds.
        with Redis(port=int(primary.rpartition(":")[2]), password="secret") as redis:
            wait(lambda: redis.info("replication")["connected_slaves"] and redis.wait(1, 1000))
        config = f"""
requirepass watch
sentinel monitor vote {primary.replace(":", " ")} 1
sentinel auth-pass vote secret
sentinel down-after-milliseconds vote 500
sentinel failover-timeout vote 3000
"""
        watch = stack.enter_context(valkey(folders[2], "--sentinel", config=config))
        with Redis(port=int(watch.rpartition(":")[2]), password="watch") as redis:
            wait(lambda: redis.sentinel_slaves("vote"))
        yield watch, primary


async def test_a_wrong_address_of_sentinels_is_refused(sentinel: tuple[str, str]) -> None:
    watch, primary = sentinel
    secret = "sentinel_password=watch"
    for url, says in [
        (f"redis+sentinel://:secret@{watch}/votes?{secret}", "names the service votes, and the Sentinel monitors vote"),
        (f"redis+sentinel://:secret@{watch}/vote", r"Sentinel refuses its password"),
        (f"redis+sentinel://:wrong@{watch}/vote?{secret}", "refuses the user or the password of REDIS_URL"),
        (f"redis+sentinel://:secret@{primary}/vote?sentinel_password=secret", "is no Sentinel"),
        (f"redis://:watch@{watch}", r"write it as redis\+sentinel://HOST:PORT/SERVICE"),
    ]:
        with pytest.raises(SettingInvalid, match=says):
            await check_server(url)
    await check_server(f"redis+sentinel://127.0.0.1:{free_port()}/vote")


async def test_the_primary_that_sentinels_name_is_used(sentinel: tuple[str, str]) -> None:
    """The last test of the module: it kills the primary."""
    watch, primary = sentinel
    url, uid = f"redis+sentinel://:secret@{watch}/vote?sentinel_password=watch", uuid4()
    await check_server(url)
    async with connected(url) as redis:
        assert await admitted(redis, uid, "v", 12) == 10
        await redis.view.write(uid, {"A001": Tally(3, 1, 2, 5)}, "complete")
        host, _, port = primary.rpartition(":")
        with Redis(host=host, port=int(port), password="secret") as server:
            server.wait(1, 5000)
            os.kill(server.info("server")["process_id"], signal.SIGKILL)

        async def is_back() -> bool:
            try:
                return await redis.view.read(uid) is not None and await admitted(redis, uid, "w", 12) in (0, 10)
            except TryAgain:
                return False

        await eventually(is_back, 60)
        assert await admitted(redis, uid, "v", 12) == 0
        assert await admitted(redis, uid, "x", 12) == 10
