"""The demo as a new user runs it; `kill -9` of any of its parts must not lose an accepted ballot."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
import pytest

from tests.conftest import ROOT, VOTING, cast, eventually, free_port, solve, wait_ready, without_settings
from tests.processes import command
from voting.services.staff.passwords import present_code

BASE = "/api/v1/contests/demo"


@contextmanager
def demo(folder: Path, *arguments: str, port: int = 0) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Runs `voting demo` on a folder; stops it with SIGTERM unless the test has ended it."""
    port = port or free_port()
    process = start(folder, port, *arguments)
    try:
        wait_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)


def start(folder: Path, port: int, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*VOTING, "demo", "--still", "--port", str(port), "--workers", "2", *arguments],
        env=without_settings() | {"VOTING_DATA": str(folder)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def own_processes(folder: Path) -> list[psutil.Process]:
    """Returns the processes of the engines in this folder."""
    return [each for each in psutil.process_iter() if str(folder) in " ".join(command(each))]


async def voter(client: httpx.AsyncClient) -> str:
    challenge = (await client.post(f"{BASE}/challenges")).json()
    answer = await client.post(f"{BASE}/voters", json={"challenge": solve(challenge)})
    token: str = answer.json()["token"]
    client.cookies.clear()
    return token


async def picks_of(client: httpx.AsyncClient) -> dict[str, int]:
    rows = (await client.get(f"{BASE}/tallies")).json()["tallies"]
    return {row["entry"]: row["picks"] for row in rows if row["picks"]}


async def test_a_stranger_votes_and_finds_the_vote_again_after_a_clean_stop(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as (url, process):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            contest = (await client.get(BASE)).json()
            assert (contest["entries"], len(contest["categories"])) == (120, 5)
            assert contest["window"]["phase"] == "open"
            first = await cast(client, "demo", await voter(client), ["A017"], "k")
            assert first.status_code == 201

            async def is_logged() -> bool:
                proof = await client.get("/log/demo/proof/{batch}/{place}".format(**first.json()["log"]))
                return proof.status_code == 200

            await eventually(is_logged)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
        assert process.returncode == 0
    steps = ("using the embedded PostgreSQL", "preparing the demo contest", f"starting the service; {url}", "vote  ")
    places = [said.index(step) for step in (*steps, "stopped; `make demo` goes on with the same votes")]
    assert places == sorted(places)
    assert not own_processes(tmp_path / "data")
    keys = re.findall(r"key\s+(vsk_\S+)", said)
    assert len(set(keys)) == 2
    accounts = re.findall(r"(\S+)\s+password (\S+)  code \d{6} \(authenticator (\S+)\)", said)
    assert [name for name, _, _ in accounts] == ["owner", "organiser", "judge"]
    with demo(tmp_path / "data") as (url, _):
        for name, password, secret in accounts:
            async with httpx.AsyncClient(base_url=url) as client:
                body = {"name": name, "password": password, "code": present_code(secret)}
                assert (await client.post("/api/v1/staff/session", json=body)).status_code == 201
                assert (await client.get(f"{BASE}/results")).status_code == 200
        async with httpx.AsyncClient(base_url=url) as client:
            assert await picks_of(client) == {"A017": 1}
            key = {"Authorization": f"Bearer {keys[1]}"}
            row = (await client.get(f"{BASE}/results", headers=key)).json()["entries"][0]
            assert (row["entry"], row["counted"], row["public_points"]) == ("A017", 1, "2.0000")
        tokens = subprocess.run(
            [*VOTING, "credentials", "issue", "--contest", "demo", "--count", "2"],
            env=without_settings() | {"VOTING_DATA": str(tmp_path / "data")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        async with httpx.AsyncClient(base_url=url) as client:
            assert (await cast(client, "demo", tokens[0], ["A017"])).status_code == 201
    with demo(tmp_path / "data", "--reset") as (url, _):
        async with httpx.AsyncClient(base_url=url) as client:
            assert await picks_of(client) == {}


async def test_a_busy_port_is_replaced_with_a_notice(tmp_path: Path) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    process = start(tmp_path / "data", port)
    try:
        until = time.monotonic() + 60
        said = ""
        assert process.stderr is not None
        while "vote  " not in said and time.monotonic() < until:
            said += await asyncio.to_thread(process.stderr.readline)
        assert f"port {port} is busy; listening on " in said
        assert f"127.0.0.1:{port}/" not in said
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        server.close()


def victims(folder: Path, process: subprocess.Popen[str], which: str) -> list[psutil.Process]:
    """Returns the processes to `kill -9`: all of the server's, or an engine with its children."""
    parent = psutil.Process(process.pid)
    if which == "server":
        return [parent]
    if which == "workers":
        return [each for each in parent.children(recursive=True) if "spawn_main" in " ".join(command(each))]
    engines = [each for each in own_processes(folder) if which in Path(next(iter(command(each)), "")).name]
    assert engines, which
    return engines


@pytest.mark.parametrize(
    "killed",
    [
        ("workers",),
        ("server", "postgres", "valkey"),
        *(pytest.param((each,), marks=pytest.mark.campaign) for each in ("server", "postgres", "valkey")),
    ],
)
async def test_nothing_is_lost_by_kill_9(tmp_path: Path, killed: tuple[str, ...]) -> None:
    """Invariants I1, I3, I4, I5 and I14: ballot, tally and board are correct, without a manual step."""
    folder, port = tmp_path / "data", free_port()
    with demo(folder, port=port) as (url, process):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            tokens = [await voter(client) for _ in range(3)]
            answers = [await cast(client, "demo", token, ["A017"], "k") for token in tokens]
            assert [answer.status_code for answer in answers] == [201] * 3
        for which in killed:
            for each in victims(folder, process, which):
                # An engine's children end with it.
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        if "server" in killed:
            process.communicate(timeout=20)
            process = start(folder, port)
        wait_ready(url, process)
        try:
            await check_after_kill(url, tokens, answers)
        finally:
            if "server" in killed:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=30)
    assert not own_processes(folder)


async def check_after_kill(url: str, tokens: list[str], answers: list[httpx.Response]) -> None:
    async with httpx.AsyncClient(base_url=url, timeout=30) as client:
        for token, answer in zip(tokens, answers, strict=True):
            again = await until_answered(client, token)
            assert (again.status_code, again.content) == (201, answer.content)
        await picks_become(client, {"A017": 3})
        assert (await cast(client, "demo", tokens[0], ["A018"])).status_code == 201
        await picks_become(client, {"A017": 3, "A018": 1})


async def until_answered(client: httpx.AsyncClient, token: str) -> httpx.Response:
    """Retries like a client that is told to try again, or whose connection is cut."""
    for _ in range(100):
        try:
            answer = await cast(client, "demo", token, ["A017"], "k")
            if answer.status_code != 503:
                return answer
        except httpx.HTTPError:
            pass
        await asyncio.sleep(0.1)
    raise AssertionError("no answer in ten seconds")


async def picks_become(client: httpx.AsyncClient, expected: dict[str, int]) -> None:
    """Waits for the view, which never shows more picks than exist."""

    async def is_right() -> bool:
        found = await picks_of(client)
        assert all(found[entry] <= expected.get(entry, 0) for entry in found), found
        return found == expected

    await eventually(is_right)


async def test_a_stranger_signs_in_with_the_stand_in_for_wechat(tmp_path: Path) -> None:
    with demo(tmp_path / "data") as (url, process):
        async with httpx.AsyncClient(base_url=url, timeout=30) as client:
            begun = await client.get("/c/demo/sign-in/wechat")
            picker = begun.headers["location"].partition("#")[0]
            assert "用微信登录试试" in (await client.get(picker)).text
            back = (await client.get(f"{picker}&person=1")).headers["location"]
            assert (await client.get(back)).headers["location"] == "/c/demo"
            assert (await cast(client, "demo", None, ["A017"])).status_code == 201
            standin = [each for each in psutil.Process(process.pid).children() if "voting.demo.wechat" in command(each)]
            assert len(standin) == 1
        process.send_signal(signal.SIGTERM)
        await asyncio.to_thread(standin[0].wait, 20)
