"""VOTING_SYNC=required: ballots are taken only while commits wait for a standby. A real primary and its standby."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from loadtests.faults.pair import DATABASE, OWNER, ROLE, Node
from tests.acceptance.test_cli import run
from tests.acceptance.test_starting import started
from tests.conftest import SECRET, Contests, cast, environment_of, eventually, free_port
from voting.errors import SchemaUnfit, TryAgain
from voting.postgres import database as module
from voting.postgres.database import connected
from voting.postgres.standby import Standby
from voting.settings import Settings
from voting.wiring import admin

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
async def pair() -> AsyncIterator[tuple[Node, Node]]:
    """A primary whose commits wait for no standby, and a standby."""
    with tempfile.TemporaryDirectory(prefix="standby-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        nodes = Node(folder, "a"), Node(folder, "b")
        try:
            await asyncio.to_thread(nodes[0].create)
            await asyncio.to_thread(nodes[1].clone, nodes[0])
            yield nodes
        finally:
            for node in nodes:
                await asyncio.to_thread(node.destroy)


@pytest.fixture(scope="module")
async def there(settings: Settings, pair: tuple[Node, Node]) -> Settings:
    """Settings of a service that requires the standby."""
    at = f"@{HOST}:{pair[0].port}/{DATABASE}"
    there = replace(
        settings,
        database_url=f"postgresql://{ROLE}{at}",
        database_owner_url=f"postgresql://{OWNER}{at}",
        sync_required=True,
    )
    await admin.migrate(there, print)
    return there


def configure(primary: Node, *settings: str) -> None:
    for setting in settings:
        primary.sql(f"alter system set {setting}")
    primary.sql("select pg_reload_conf()")


async def test_the_trial_tells_what_commits_wait_for(
    pair: tuple[Node, Node], there: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "STATEMENT_SECONDS", 1.0)
    primary, standby = pair
    async with connected(there.database_url, 1) as database:
        watch = Standby(database, required=True)
        with pytest.raises(TryAgain, match="name one in synchronous_standby_names"):
            await watch.check()
        assert (watch.confirms, watch.commits_wait) == (False, False)
        await asyncio.to_thread(primary.wait_for_standbys, True)
        await eventually(lambda: confirmed(watch))
        assert watch.commits_wait
        await asyncio.to_thread(standby.freeze)
        try:
            with pytest.raises(TryAgain, match="no standby confirmed a commit"):
                await watch.check()
        finally:
            await asyncio.to_thread(standby.thaw)
        assert (watch.confirms, watch.commits_wait) == (False, True), "commits hang: none is answered too early"
        await eventually(lambda: confirmed(watch), 20)
        for value in ("local", "remote_write"):
            await asyncio.to_thread(configure, primary, f"synchronous_commit = {value}")
            await eventually(lambda value=value: refused(watch, value))  # type: ignore[misc]
            assert not watch.commits_wait
        await asyncio.to_thread(configure, primary, "synchronous_commit = remote_apply")
        await eventually(lambda: confirmed(watch))
        await asyncio.to_thread(configure, primary, "synchronous_commit = on", "synchronous_standby_names = ''")


async def confirmed(watch: Standby) -> bool:
    try:
        await watch.check()
    except (SchemaUnfit, TryAgain):
        return False
    return watch.confirms


async def refused(watch: Standby, value: str) -> bool:
    """Whether commits are refused for this value, which is in force a moment after it was reloaded."""
    try:
        await watch.check()
    except SchemaUnfit as error:
        return f"synchronous_commit is {value}" in str(error)
    return False


async def test_serve_refuses_a_commit_that_waits_for_no_disk(pair: tuple[Node, Node], there: Settings) -> None:
    await asyncio.to_thread(configure, pair[0], "synchronous_commit = remote_write", "synchronous_standby_names = '*'")
    environment = environment_of(there) | {"VOTING_SYNC": "required"}
    answer = await asyncio.to_thread(run, "serve", "--port", str(free_port()), env=environment)
    await asyncio.to_thread(configure, pair[0], "synchronous_commit = on", "synchronous_standby_names = ''")
    assert answer.returncode == 1
    assert "VOTING_SYNC is required and PostgreSQL's synchronous_commit is remote_write" in answer.stderr
    assert "set it to on" in answer.stderr
    assert "Traceback" not in answer.stderr


async def test_serve_waits_for_a_standby_and_refuses_ballots_once_commits_wait_for_none(
    pair: tuple[Node, Node], there: Settings, tmp_path: Path
) -> None:
    primary, _ = pair
    contests = Contests(there)
    contest, log = await contests.make(), tmp_path / "log"
    tokens = contests.tokens(contest, 40)

    async def status(url: str) -> int:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            return (await cast(http, contest, tokens.pop(), ["A001"])).status_code

    async def deps(url: str) -> dict[str, str]:
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            answer: dict[str, str] = (await http.get("/health/deps")).json()
            del answer["log"]
            return answer

    async def ready(url: str) -> bool:
        try:
            return httpx.get(f"{url}/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    async def says(words: str) -> bool:
        return words in log.read_text()

    async with started(environment_of(there) | {"VOTING_SYNC": "required"}, log) as (url, _):
        await eventually(lambda: says("waiting for PostgreSQL, 120 s more: VOTING_SYNC is required"), 90)
        await asyncio.to_thread(primary.wait_for_standbys, True)
        await eventually(lambda: ready(url), 90)
        assert await deps(url) == {"status": "ok", "postgres": "ok", "redis": "ok", "standby": "ok"}
        assert await status(url) == 201
        # As Patroni does without its strict mode when the last standby goes.
        await asyncio.to_thread(primary.wait_for_standbys, False)
        await eventually(lambda: says("no synchronous standby"), 60)
        await eventually(lambda: says("ballots are refused"), 60)
        assert await status(url) == 503
        assert (await deps(url))["standby"] == "away"
        metrics = (await asyncio.to_thread(httpx.get, f"{url}/metrics")).text
        assert 'voting_dependency_up{dependency="standby"} 0.0' in metrics
        await asyncio.to_thread(primary.wait_for_standbys, True)
        await eventually(lambda: says("a standby confirms commits again"), 60)
        assert await status(url) == 201
    assert SECRET not in log.read_text()
