"""Plays the simulated voters: `python -m voting.demo.crowd URL CONTEST`; credentials come by standard input."""

from __future__ import annotations

import asyncio
import json
import os
import random
import secrets
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import altcha
import click
import httpx

from voting.demo.crowd.plan import Voter, plan
from voting.domain.identity.channel import Channel

_AT_ONCE = 8


@click.command()
@click.argument("url")
@click.argument("contest")
def main(url: str, contest: str) -> None:
    """Let a small crowd and a ring vote, then end; also when standard input ends, as it does with the parent."""
    tokens = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    asyncio.run(_play(f"{url}/api/v1/contests/{contest}", tokens))


async def _play(path: str, tokens: Mapping[Channel, list[str]]) -> None:
    async with httpx.AsyncClient(base_url=path, timeout=20, trust_env=False) as http:
        voters = plan(await _entries(http), random.Random())  # noqa: S311
        begun, gate = asyncio.get_running_loop().time(), asyncio.Semaphore(_AT_ONCE)

        async def vote(voter: Voter, token: str) -> None:
            for at, reading, entry in voter.ballots:
                await asyncio.sleep(begun + at - asyncio.get_running_loop().time())
                # Who is refused or finds nobody to answer goes away: it is only a demo.
                with suppress(httpx.HTTPError, KeyError, ValueError):
                    await _cast(http, gate, voter, token, reading, entry)

        async with asyncio.TaskGroup() as group:
            for voter in voters:
                group.create_task(vote(voter, tokens[voter.channel].pop()))


async def _entries(http: httpx.AsyncClient) -> list[str]:
    """Returns the codes of the contest's entries, once the service answers."""
    codes, page, pages = list[str](), 1, 1
    while page <= pages:
        try:
            listed = (await http.get("/entries", params={"page": page})).raise_for_status().json()
        except httpx.HTTPError:
            await asyncio.sleep(0.5)
            continue
        codes += [entry["code"] for entry in listed["entries"]]
        page, pages = page + 1, int(listed["pages"])
    return codes


async def _cast(
    http: httpx.AsyncClient, gate: asyncio.Semaphore, voter: Voter, token: str, reading: float, entry: str
) -> None:
    headers = {"user-agent": voter.agent, "x-forwarded-for": voter.address, "accept-language": "zh-CN,zh;q=0.9"}
    async with gate:
        ticket = (await http.get("", headers=headers)).json()["ticket"]
    await asyncio.sleep(reading)
    headers |= {"authorization": f"Bearer {token}", "idempotency-key": secrets.token_hex(8)}
    body: dict[str, Any] = {
        "entries": [entry],
        "ticket": ticket,
        "client": {"screen": voter.screen, "timezone": "Asia/Shanghai"},
    }
    async with gate:
        answer = await http.post("/ballots", json=body, headers=headers)
        if answer.status_code == 403 and "challenge" in answer.json():
            body["challenge"] = await asyncio.to_thread(_solved, answer.json()["challenge"])
            await http.post("/ballots", json=body, headers=headers)


def _solved(challenge: dict[str, Any]) -> str:
    """Raises ValueError if there is no solution."""
    opened = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(opened)
    if solution is None:
        raise ValueError
    return altcha.Payload(opened, solution).to_base64()


def _end_with_the_parent() -> None:
    sys.stdin.read()
    os._exit(0)


main()
