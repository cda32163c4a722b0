"""A client that logs every attempt and repeats a ballot, with the same key, until it knows the outcome."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from loadtests.faults.client_log import NO_ANSWER, Answered, ClientLog, Sent, now
from loadtests.http import Answer, Link, Lost, ballot

MOST_WAIT_SECONDS = 2.0
PATIENCE_SECONDS = 45.0
_AGAIN = (NO_ANSWER, 429, 503)


@dataclass(frozen=True, slots=True)
class Voter:
    """A caller: its label in the log, its token, and whether that gives the right to vote in this contest."""

    label: str
    token: str
    contest: str
    right: bool = True


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to make: a ballot, or `raw`. `split`: its body goes in a packet of its own."""

    role: str
    voter: Voter
    key: str = ""
    picks: tuple[str, ...] = ()
    sound: bool = True
    raw: bytes = b""
    split: bool = False

    def bytes(self) -> bytes:
        """The request as it goes over the wire."""
        return self.raw or ballot(self.voter.contest, self.voter.token, self.key, self.picks)


@dataclass
class Client:
    """Sends requests and logs them with their answers. `name` makes the ids of its attempts unique."""

    name: str
    log: ClientLog
    random: Random
    ports: Sequence[int]
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    ends_at: float = float("inf")
    """On the monotonic clock; after it nothing is repeated."""

    def link(self) -> Link:
        """A connection, directly to the service or through the proxy."""
        return Link(self.random.choice(self.ports))

    async def once(self, link: Link, ask: Ask) -> tuple[int, Answer | None]:
        """One attempt: its status, 0 without an answer."""
        id, answer, lost = self._sent(ask), None, ""
        try:
            answer = await link.ask(ask.bytes(), body_later=ask.split)
        except Lost as error:
            lost = str(error)
        self.log.write(_answered(id, answer, lost))
        return (answer.status if answer else NO_ANSWER), answer

    async def in_a_row(self, link: Link, asks: Sequence[Ask]) -> None:
        """One attempt each, all sent before the first answer; then as `until_known`."""
        sent, again = [(self._sent(ask), ask) for ask in asks], list[Ask]()
        answers = link.answers([b"".join(ask.bytes() for ask in asks)], len(asks))
        for id, ask in sent:
            answer = await anext(answers)
            if isinstance(answer, Lost):
                self.log.write(_answered(id, None, str(answer)))
            else:
                self.log.write(_answered(id, answer, ""))
            if isinstance(answer, Lost) or answer.status in _AGAIN:
                again.append(ask)
        for ask in again:
            await self.until_known(link, ask)

    async def until_known(self, link: Link, ask: Ask) -> int:
        """Repeats the request until its answer is neither lost nor 429 or 503, or patience ends."""
        until = now()[0] + PATIENCE_SECONDS
        while True:
            status, answer = await self.once(link, ask)
            if status not in _AGAIN or now()[0] > min(until, self.ends_at):
                return status
            await asyncio.sleep(self._pause(answer))

    def _sent(self, ask: Ask) -> str:
        """Logs a request and returns its id."""
        id, voter, (mono, wall) = f"{self.name}-{next(self.numbers)}", ask.voter, now()
        self.log.write(
            Sent(id, ask.role, voter.contest, voter.label, ask.key, ask.picks, voter.right, ask.sound, mono, wall)
        )
        return id

    def _pause(self, answer: Answer | None) -> float:
        if answer is None:
            return self.random.uniform(0.1, 0.6)
        seconds = answer.headers.get("retry-after", "1")
        wait = min(float(seconds) if seconds.isdecimal() else 1.0, MOST_WAIT_SECONDS)
        return wait * self.random.uniform(1.0, 1.5)


def _answered(id: str, answer: Answer | None, lost: str) -> Answered:
    mono, wall = now()
    if answer is None:
        return Answered(id, NO_ANSWER, "", "", "", "", lost, mono, wall)
    content = answer.content()
    digest = hashlib.sha256(answer.body).hexdigest()[:24]
    code, ballot = str(content.get("code", "")), str(content.get("ballot", ""))
    return Answered(id, answer.status, code, ballot, digest, answer.headers.get("retry-after", ""), "", mono, wall)
