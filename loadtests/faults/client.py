"""A polite client with a witness: it sends a ballot again, with the same key, until it knows what became of it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from loadtests.client import request
from loadtests.faults.wire import Answer, Link, Lost
from loadtests.faults.witness import NO_ANSWER, Answered, Sent, Witness, now

MOST_WAIT_SECONDS = 2.0
PATIENCE_SECONDS = 45.0


@dataclass(frozen=True, slots=True)
class Voter:
    """Who asks: a label for the witness, the token, and whether it gives the right to vote in this contest."""

    label: str
    token: str
    contest: str
    right: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to be made: a ballot where there is a key."""

    role: str
    voter: Voter
    key: str = ""
    picks: tuple[str, ...] = ()
    sound: bool = True
    raw: bytes = b""

    def bytes(self) -> bytes:
        """As it goes over the wire."""
        if self.raw:
            return self.raw
        headers = {"Authorization": f"Bearer {self.voter.token}"} if self.voter.token else {}
        body = json.dumps({"entries": self.picks}).encode()
        path = f"/api/v1/contests/{self.voter.contest}/ballots"
        return request("POST", path, headers | {"Idempotency-Key": self.key}, body)


@dataclass
class Client:
    """Sends, and writes down what it sent and what it was answered. `name` makes its attempts' ids its own."""

    name: str
    witness: Witness
    random: Random
    ports: Sequence[int]
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    ends_at: float = float("inf")
    """On the monotonic clock: from here on it does not try again."""

    def link(self) -> Link:
        """A connection by one of the ways to the service."""
        return Link(self.random.choice(self.ports))

    async def once(self, link: Link, ask: Ask) -> tuple[int, Answer | None]:
        """One attempt: its status, 0 without an answer."""
        id = f"{self.name}-{next(self.numbers)}"
        mono, wall = now()
        voter = ask.voter
        self.witness.write(
            Sent(id, ask.role, voter.contest, voter.label, ask.key, ask.picks, voter.right, ask.sound, mono, wall)
        )
        answer, lost = None, ""
        try:
            answer = await link.ask(ask.bytes())
        except Lost as error:
            lost = str(error)
        self.witness.write(_answered(id, answer, lost))
        return (answer.status if answer else NO_ANSWER), answer

    async def until_known(self, link: Link, ask: Ask, patience: float = PATIENCE_SECONDS) -> int:
        """Tries with the same key until the answer is neither lost nor a request to come again, or patience ends."""
        until = now()[0] + patience
        while True:
            status, answer = await self.once(link, ask)
            if status not in (NO_ANSWER, 429, 503) or now()[0] > min(until, self.ends_at):
                return status
            await asyncio.sleep(self._pause(answer))

    def _pause(self, answer: Answer | None) -> float:
        if answer is None:
            return self.random.uniform(0.1, 0.6)
        told = answer.headers.get("retry-after", "1")
        wait = min(float(told) if told.isdecimal() else 1.0, MOST_WAIT_SECONDS)
        return wait * self.random.uniform(1.0, 1.5)


def _answered(id: str, answer: Answer | None, lost: str) -> Answered:
    mono, wall = now()
    if answer is None:
        return Answered(id, NO_ANSWER, "", "", "", "", lost, mono, wall)
    content = answer.content()
    digest = hashlib.sha256(answer.body).hexdigest()[:24]
    code, ballot = str(content.get("code", "")), str(content.get("ballot", ""))
    return Answered(id, answer.status, code, ballot, digest, answer.headers.get("retry-after", ""), "", mono, wall)
