"""The clients of recorded ballots, as shown to reviewers and in exports."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import asyncpg
import httpx

from tests.acceptance.test_cli import run
from tests.conftest import Contests, as_owner, cast, environment_of, eventually
from voting.settings import Settings

WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; 2211133C Build/TKQ1; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/116.0.0.0 Mobile Safari/537.36 MicroMessenger/8.0.47 NetType/WIFI Language/zh_CN"
)
SAFARI = (
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)


async def test_each_client_is_classified_once_and_named_in_the_export(
    settings: Settings, http: httpx.AsyncClient, contests: Contests, tmp_path: Path
) -> None:
    contest = await contests.make()
    for agent, token in zip((WECHAT, WECHAT, SAFARI), contests.tokens(contest, 3), strict=True):
        http.headers["user-agent"] = agent
        assert (await cast(http, contest, token, ["A001"])).status_code == 201

    async def stored() -> list[asyncpg.Record]:
        async with as_owner(settings) as connection:
            return await connection.fetch(
                "select app, device, browser, system from clients where contest = $1 order by app", contest
            )

    async def both() -> bool:
        return len(await stored()) == 2

    await eventually(both, 20)
    assert [tuple(row) for row in await stored()] == [
        ("browser", "tablet", "Mobile Safari", "iOS"),
        ("wechat", "mobile", "Chrome Mobile WebView", "Android"),
    ]
    out = tmp_path / "events.jsonl.gz"
    answer = run("events", "export", "--contest", contest, "--out", str(out), env=environment_of(settings))
    assert answer.returncode == 0, answer.stderr
    text = gzip.decompress(out.read_bytes()).decode()
    lines = [json.loads(line) for line in text.splitlines()]
    assert [line["client_class"]["app"] for line in lines] == ["wechat", "wechat", "browser"]
    assert "MicroMessenger" not in text
