"""Commands of organisers and operators while many people vote."""

from __future__ import annotations

import asyncio
import contextlib
import resource
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.conftest import Contests, Service, cast, environment_of, eventually, refusal, serving
from voting.settings import Settings
from voting.wiring.admin import AdminServices


@contextlib.asynccontextmanager
async def many_voters(url: str, contests: Contests, contest: str, count: int) -> AsyncIterator[list[int]]:
    """Runs `count` clients that cast one ballot after another; returns the statuses they got."""
    statuses: list[int] = []

    async def vote(client: httpx.AsyncClient) -> None:
        while True:
            (token,) = contests.tokens(contest, 1)
            statuses.append((await cast(client, contest, token, ["A001"])).status_code)

    async with httpx.AsyncClient(base_url=url, timeout=30, limits=httpx.Limits(max_connections=count)) as client:
        tasks = [asyncio.create_task(vote(client)) for _ in range(count)]
        await asyncio.sleep(0.5)
        yield statuses
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_busy_vote_can_be_paused(service: Service, contests: Contests, office: AdminServices) -> None:
    """New share locks must not overtake the pause for ever."""
    contest = await contests.make()
    async with many_voters(service.url, contests, contest, 32) as statuses:
        async with asyncio.timeout(30):
            await office.contest_admin.pause(contest)
        await asyncio.sleep(0.3)
        del statuses[:]

        async def all_have_answers() -> bool:
            return len(statuses) > 32

        await eventually(all_have_answers)
        assert set(statuses) == {409}
    assert sum((await contests.counted(contest)).values()) > 0


async def test_settings_of_a_file_reach_the_workers(settings: Settings, contests: Contests, tmp_path: Path) -> None:
    contest = await contests.make()
    file = tmp_path / "voting.env"
    file.write_text("VOTING_SHIELD_READS=3/hour\nVOTING_PUBLIC_URL=https://vote.example.org\n")
    key = await contests.staff_key("judge", contest)
    with serving(environment_of(settings), "--workers", "1", "--env-file", str(file)) as (url, _):
        async with httpx.AsyncClient(base_url=url) as client:
            signed = await client.post("/api/v1/staff/session", json={"key": key})
            assert "secure" in signed.headers["set-cookie"].lower()
            answers = [await client.get(f"/api/v1/contests/{contest}") for _ in range(4)]
            assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
            assert refusal(answers[3]) == (429, "slow_down")


@contextlib.contextmanager
def soft_limit(files: int) -> Iterator[None]:
    """Limits the open files of processes started here, unless they raise the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_more_voters_than_the_usual_limit_of_open_files(settings: Settings) -> None:
    with contextlib.ExitStack() as stack:
        with soft_limit(256):
            url, _ = stack.enter_context(serving(environment_of(settings)))
        port = urlsplit(url).port
        voters = [await asyncio.open_connection("127.0.0.1", port) for _ in range(400)]
        for reader, writer in voters:
            writer.write(b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            async with asyncio.timeout(30):
                assert b" 200 " in await reader.readline()
        for _, writer in voters:
            writer.close()
        # Otherwise they would be closed only after the service has waited for them.
        await asyncio.sleep(0.1)
