"""Voters who open a shared link, look at entries, vote for a few, watch the tally and leave."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import urlsplit

import altcha
from locust import FastHttpUser, between, task
from locust.exception import StopUser

from loadtests.popularity import Popularity

TRIES = 4
LOST_ANSWERS = 0.05
MOST_WAIT_SECONDS = 5.0
# Refusals that voters must expect; any other is a failure of the service.
REFUSALS = {"quota_exhausted", "window_not_open", "window_closed", "contest_paused", "slow_down", "try_again"}


@dataclass
class Evidence:
    """What voters saw, for the thresholds at the end."""

    accepted: dict[str, set[str]] = field(default_factory=dict)
    """By credential: the ids of ballots answered 201."""
    faults: list[str] = field(default_factory=list)
    ballots: int = 0

    def accept(self, token: str, ballot: str) -> None:
        """Records a ballot answered 201."""
        self.ballots += 1
        self.accepted.setdefault(token, set()).add(ballot)


@dataclass
class Crowd:
    """State that all voters of a run share; `locustfile` sets it from the options."""

    contest: str = "demo"
    tokens: Iterator[str] = iter(())
    think: float = 1.0
    visits: int = 0
    """The run ends after this many; 0: after its time."""
    visited: int = 0
    evidence: Evidence = field(default_factory=Evidence)


def read_tokens(file: Path) -> Iterator[str]:
    """The credentials that `voting credentials issue` printed."""
    return iter(file.read_text("utf-8").split())


class Voter(FastHttpUser):
    """One visitor after another; each visit is another voter."""

    crowd: ClassVar[Crowd] = Crowd()
    far_allowed: ClassVar[bool] = False
    wait_time = between(0, 2)
    connection_timeout = 10.0
    network_timeout = 20.0
    numbers: ClassVar[Iterator[int]] = count(1)

    def on_start(self) -> None:
        """Checks the host again: the web interface can change it after the options were read."""
        if not self.far_allowed and not is_loopback(self.host or ""):
            raise StopUser
        self.random = Random(next(self.numbers))

    @task
    def come(self) -> None:
        """One visit, and the end of the run after the last."""
        self.visit()
        self.crowd.visited += 1
        if self.crowd.visited == self.crowd.visits and self.environment.runner:
            # In a thread, since it waits for this voter too.
            Thread(target=self.environment.runner.quit).start()

    def visit(self) -> None:
        """Read, look at entries, vote, watch."""
        self.client.cookiejar.clear()
        self.token = ""
        self.get("/c/{contest}", 3)
        entries = self.look_around()
        if not entries or not self.register():
            return
        favourites = Popularity(entries, self.random).choose(self.random.randint(1, 4))
        for entry in favourites:
            self.get(f"/c/{{contest}}/entries/{entry}", 4, name="/c/{contest}/entries/{entry}")
            if not self.vote(entry):
                break
            if self.random.random() < 0.5:
                self.get("/api/v1/contests/{contest}/tallies", 2)
        for _ in range(self.random.randint(0, 3)):
            self.get("/api/v1/contests/{contest}/tallies", 3)

    def look_around(self) -> list[str]:
        """The codes of entries, in the same order for all voters: the first are popular."""
        self.get("/api/v1/contests/{contest}", 0)
        answer = self.get("/api/v1/contests/{contest}/entries?page=1", 2)
        if not answer:
            return []
        pages = int(answer["pages"])
        if pages > 1 and self.random.random() < 0.3:
            page = self.random.randint(2, pages)
            self.get(f"/api/v1/contests/{{contest}}/entries?page={page}", 3, name="...entries?page={page}")
        return [entry["code"] for entry in answer["entries"]]

    def register(self) -> bool:
        """Gets a credential: from the file while there are any, then for a solved challenge."""
        self.token = next(self.crowd.tokens, "")
        if self.token:
            return True
        challenge = self.post("/api/v1/contests/{contest}/challenges", {})
        solved = solve(challenge) if challenge else None
        answer = self.post("/api/v1/contests/{contest}/voters", {"challenge": solved}) if solved else None
        self.token = str(answer["token"]) if answer else ""
        return bool(self.token)

    def vote(self, entry: str) -> bool:
        """Casts a ballot, and sometimes sends it again with its key, as after a lost answer."""
        key = secrets.token_urlsafe(12)
        answer = self.post("/api/v1/contests/{contest}/ballots", {"entries": [entry]}, key)
        if not answer:
            return False
        self.crowd.evidence.accept(self.token, answer["ballot"])
        if self.random.random() < LOST_ANSWERS:
            again = self.post("/api/v1/contests/{contest}/ballots", {"entries": [entry]}, key)
            if again and again != answer:
                self.crowd.evidence.faults.append(f"key {key} got another answer the second time")
        return True

    def get(self, path: str, think: float, name: str | None = None) -> Any:
        """The JSON of an answer, {} for a page, None for a failure; then reads for about `think` seconds."""
        answer = self.send("GET", path, name or path, {}, None)
        time.sleep(self.random.expovariate(1 / think) * self.crowd.think if think else 0)
        return answer

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> Any:
        """The JSON of an answer, or None. Only a request with a key is sent again after a failure."""
        headers = {"Idempotency-Key": key} if key else {}
        for number in range(TRIES if key else 1):
            answer = self.send("POST", path, path, headers, body)
            if answer is None or "code" not in answer:
                return answer
            if answer["code"] not in ("try_again", "slow_down", "lost"):
                return None
            pause = min(MOST_WAIT_SECONDS, 2**number) * self.random.uniform(0.5, 1)
            time.sleep(pause)
        return None

    def send(self, method: str, path: str, name: str, headers: dict[str, str], body: dict[str, Any] | None) -> Any:
        """One request: the JSON of a 2xx or of a refusal, None for anything else."""
        if self.token:
            headers = {**headers, "Authorization": f"Bearer {self.token}"}
        target = path.format(contest=self.crowd.contest)
        with self.client.request(
            method, target, name=name, headers=headers, json=body, catch_response=True
        ) as response:
            status = response.status_code
            kind = response.headers.get("content-type", "") if status else ""
            content = response.json() if "json" in kind else {}
            if 200 <= status < 300:
                response.success()
                return content
            code = content.get("code", "lost" if not status else "")
            if code in REFUSALS:
                response.success()
            else:
                response.failure(f"{status} {code}")
            if status >= 500 and code != "try_again":
                self.crowd.evidence.faults.append(f"{method} {name}: {status} {code}")
            return {"code": code} if code else None


def is_loopback(host: str) -> bool:
    """Whether the address is this machine's."""
    return urlsplit(host).hostname in ("127.0.0.1", "::1", "localhost")


def solve(challenge: dict[str, Any]) -> str | None:
    """The challenge solved, as ALTCHA's clients send it."""
    opened = altcha.Challenge.from_dict(challenge)
    solution = altcha.solve_challenge(opened)
    return altcha.Payload(opened, solution).to_base64() if solution else None
