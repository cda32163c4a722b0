"""Plays a world against a running server: each attempt over HTTP, in a window that is shortened.

Only the moments of ballots are compressed; reading times stay as they are, since the server measures them from the
ticket to the ballot. Each voter has an issued credential; addresses are sent in X-Forwarded-For.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import altcha
import httpx
import polars as pl

from loadtests.fraud_lab.simulator.world import World
from loadtests.fraud_lab.simulator.writing import lines

CONNECTIONS = 64
TRIES = 5
MOST_WAIT_SECONDS = 10.0
_TIMEOUT = httpx.Timeout(20.0)
_READING = 0.25


@dataclass(frozen=True, slots=True)
class Target:
    """A contest of a running server, its entries and the voters' credentials."""

    url: str
    contest: str
    entries: Sequence[str]
    tokens: Sequence[str]

    @property
    def path(self) -> str:
        """The base address of the contest's API."""
        return f"{self.url}/api/v1/contests/{self.contest}"


@dataclass(slots=True)
class Driven:
    """`ballots`: ballot's id -> attempt's id. `refused`: attempts by the refusal's code."""

    ballots: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    challenged: int = 0
    unread: int = 0
    """Sent without a ticket: the page was opened before the drive began, or at an unknown time."""

    def labels(self, world: World) -> pl.DataFrame:
        """The labels of the recorded ballots: `id` is the ballot's, `attempt` the attempt's."""
        recorded = pl.DataFrame(
            {"attempt": list(self.ballots.values()), "ballot": list(self.ballots)},
            schema={"attempt": pl.String, "ballot": pl.String},
        )
        found = world.labels.rename({"id": "attempt"}).join(recorded, on="attempt", maintain_order="left")
        return found.select(pl.col("ballot").alias("id"), pl.exclude("ballot"))


async def listed(url: str, contest: str) -> list[str]:
    """The contest's entries, as the server lists them. Raises httpx.HTTPError."""
    path, codes, page, pages = f"{url}/api/v1/contests/{contest}/entries", list[str](), 1, 1
    async with httpx.AsyncClient(timeout=_TIMEOUT, trust_env=False) as http:
        while page <= pages:
            answer = (await http.get(path, params={"page": page})).raise_for_status().json()
            codes += [entry["code"] for entry in answer["entries"]]
            page, pages = page + 1, int(answer["pages"])
    return codes


async def drive(world: World, target: Target, seconds: float) -> Driven:
    """Casts the world's ballots within this many seconds; the target has as many entries, and tokens for all voters.

    In the first quarter of the time nobody votes yet: the pages of the earliest ballots are read then.
    """
    events = [json.loads(line) for line in lines(world.events).to_list()]
    tokens = dict(zip(dict.fromkeys(event["voter"] for event in events), target.tokens, strict=False))
    entries = dict(zip(world.entries, target.entries, strict=True))
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(timeout=_TIMEOUT, limits=limits, trust_env=False) as http:
        run = _Run(http, target, Driven())
        begun, first = run.now(), seconds * _READING
        scale = (seconds - first) / (world.closes - world.opens)
        async with asyncio.TaskGroup() as group:
            for event in events:
                at = begun + first + (_milliseconds(event["at"]) - world.opens) * scale
                ballot = _Ballot(event, tokens[event["voter"]], entries[event["entry"]], at)
                group.create_task(run.cast(ballot, begun))
    return run.driven


@dataclass(frozen=True, slots=True)
class _Ballot:
    """An attempt with its credential, its entry, and its moment by the loop's clock."""

    event: Mapping[str, Any]
    token: str
    entry: str
    at: float

    def opened(self) -> float | None:
        """When its page is opened, or None if that is unknown."""
        if self.event["opened_at"] is None:
            return None
        return self.at - (_milliseconds(self.event["at"]) - _milliseconds(self.event["opened_at"])) / 1000

    def headers(self) -> dict[str, str]:
        """The browser's headers, and the address as a proxy adds it."""
        agent, sent = self.event["user_agent"], self.event["headers"] or {}
        return sent | ({"user-agent": agent} if agent is not None else {}) | {"x-forwarded-for": self.event["ip"]}


class _Run:
    """A running drive."""

    def __init__(self, http: httpx.AsyncClient, target: Target, driven: Driven) -> None:
        self._http = http
        self._target = target
        self.driven = driven

    @staticmethod
    def now() -> float:
        """The loop's clock."""
        return asyncio.get_running_loop().time()

    async def cast(self, ballot: _Ballot, begun: float) -> None:
        """Opens the page at its moment, waits, votes, and solves a challenge."""
        body: dict[str, Any] = {"entries": [ballot.entry]}
        if ballot.event["client"]:
            body["client"] = ballot.event["client"]
        opened = ballot.opened()
        if opened is not None and opened >= begun and (ticket := await self._open(ballot, opened)):
            body["ticket"] = ticket
        else:
            self.driven.unread += 1
        await self._until(ballot.at)
        status, answer = await self._send("POST", "/ballots", ballot, body)
        if (status, answer.get("code")) == (403, "challenge_required"):
            self.driven.challenged += 1
            body["challenge"] = await asyncio.to_thread(_solved, answer["challenge"])
            status, answer = await self._send("POST", "/ballots", ballot, body)
        if status == 201:
            self.driven.ballots[answer["ballot"]] = ballot.event["id"]
        else:
            self.driven.refused[str(answer.get("code", status))] += 1

    async def _open(self, ballot: _Ballot, opened: float) -> str | None:
        """The ticket of the contest's page; None when there is no answer."""
        await self._until(opened)
        _, answer = await self._send("GET", "", ballot, None)
        return answer.get("ticket")

    async def _send(
        self, method: str, path: str, ballot: _Ballot, body: Mapping[str, Any] | None
    ) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON; 0 for no answer. Repeats the same request when the server asks for it."""
        url, headers = self._target.path + path, ballot.headers()
        if body is not None:
            headers |= {"authorization": f"Bearer {ballot.token}", "idempotency-key": ballot.event["id"]}
        status, content = 0, dict[str, Any]()
        for number in range(TRIES):
            request = self._http.build_request(method, url, headers=headers, json=body)
            if "user-agent" not in headers:
                del request.headers["user-agent"]
            wait = float(2**number)
            try:
                answer = await self._http.send(request)
            except httpx.HTTPError:
                status, content = 0, {"code": "unanswered"}
            else:
                status, content = answer.status_code, _content(answer)
                wait = float(answer.headers.get("retry-after", wait))
            if status not in (0, 429, 503):
                break
            await asyncio.sleep(min(MOST_WAIT_SECONDS, wait))
        return status, content

    async def _until(self, moment: float) -> None:
        await asyncio.sleep(max(0.0, moment - self.now()))


def _content(answer: httpx.Response) -> dict[str, Any]:
    content = answer.json() if "json" in answer.headers.get("content-type", "") else {}
    return content if isinstance(content, dict) else {}


def _solved(challenge: dict[str, Any]) -> str:
    """The answer of an ALTCHA client; without a solution, nonsense that is refused."""
    opened = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(opened)
    return altcha.Payload(opened, solution).to_base64() if solution else base64.b64encode(b"{}").decode()


def _milliseconds(text: str) -> float:
    return datetime.fromisoformat(text).timestamp() * 1000
