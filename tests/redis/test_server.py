"""The kind of server: a node of a cluster would silently accept limits and counters."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError

from tests.acceptance.test_cli import run
from tests.conftest import environment_of, free_port
from voting.engines.binaries import find_valkey
from voting.errors import SettingInvalid, TryAgain
from voting.redis.connection import check_server, connected
from voting.settings import Settings


@contextmanager
def valkey(folder: Path, *options: str, config: str = "") -> Iterator[str]:
    """Runs a separate server; yields its address without a password."""
    port = free_port()
    file = folder / "valkey.conf"
    file.write_text(config)
    command = [find_valkey(), file, "--port", str(port), "--bind", "127.0.0.1", "--dir", folder, *options]
    if "--cluster-enabled" in options:
        # The default is the port plus 10,000, which may exceed the last port.
        command += ["--cluster-port", str(free_port())]
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 30
        while not _answers(port):
            assert time.monotonic() < until
            time.sleep(0.02)
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        with Redis(port=port) as client:
            client.execute_command("HELLO")
    except RedisError as error:
        return "NOAUTH" in str(error) or "HELLO" in str(error)
    return True


def test_serve_refuses_a_node_of_a_cluster(settings: Settings, tmp_path: Path) -> None:
    with valkey(tmp_path, "--cluster-enabled", "yes") as address:
        answer = run(
            "serve", "--port", str(free_port()), env=environment_of(settings) | {"REDIS_URL": f"redis://{address}/0"}
        )
    assert answer.returncode == 1
    assert "REDIS_URL names a node of a cluster, where limits and fraud counters would be off" in answer.stderr
    assert "cluster-enabled no" in answer.stderr
    assert "Traceback" not in answer.stderr


async def test_a_node_behind_a_password_and_without_a_cluster_yet_is_refused(tmp_path: Path) -> None:
    with valkey(tmp_path, "--cluster-enabled", "yes", "--requirepass", "secret") as address:
        for protocol in ("", "?protocol=3"):
            with pytest.raises(SettingInvalid, match="a node of a cluster"):
                await check_server(f"redis://:secret@{address}/0{protocol}")


async def test_a_user_with_minimal_rights_can_check_the_server(tmp_path: Path) -> None:
    rights = ["--user", "voting", "on", ">secret", "~*", "+@read", "+@write", "+@scripting", "+client|setname"]
    with valkey(tmp_path, "--cluster-enabled", "yes", *rights) as address:
        with pytest.raises(SettingInvalid, match="a node of a cluster"):
            await check_server(f"redis://voting:secret@{address}/0")


async def test_a_sentinel_is_refused(tmp_path: Path) -> None:
    with valkey(tmp_path, "--sentinel", config="sentinel monitor one 127.0.0.1 1 1\n") as address:
        with pytest.raises(SettingInvalid, match="names a Sentinel"):
            await check_server(f"redis://{address}")


async def test_the_service_starts_with_a_plain_server_or_without_one(settings: Settings, tmp_path: Path) -> None:
    await check_server(settings.redis_url)
    await check_server(f"redis://127.0.0.1:{free_port()}/0")


@pytest.mark.parametrize("user", ["", ":wrong@", "nobody:secret@"])
async def test_a_refused_password_is_named_at_the_start_and_while_serving(tmp_path: Path, user: str) -> None:
    with valkey(tmp_path, "--requirepass", "secret") as address:
        with pytest.raises(SettingInvalid, match="refuses the user or the password of REDIS_URL"):
            await check_server(f"redis://{user}{address}/0")
        async with connected(f"redis://{user}{address}/0") as redis:
            for _ in range(2):
                with pytest.raises(TryAgain, match="refuses the user or the password of REDIS_URL"):
                    await redis.view.ping()
    async with connected(f"redis://{user}{address}/0") as redis:
        with pytest.raises(TryAgain, match="Redis is away"):
            await redis.view.ping()
