"""Ballots to offer, rendered when they are sent: half a million requests at once would take half a gigabyte."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from loadtests.http import ballot
from loadtests.popularity import Popularity
from loadtests.service import ID

BALLOTS_EACH = 5
CHOICES = 1009


class Ballots:
    """Ballots that the rules allow, by number: the first of all voters, then the second, up to the quota."""

    def __init__(self, tokens: Sequence[str], entries: Sequence[str], seed: int = 1) -> None:
        self._tokens = [token.encode() for token in tokens]
        popularity = Popularity(entries, Random(seed))
        # Choices come from a table: choosing takes longer than sending.
        self._choices = [popularity.choose(BALLOTS_EACH) for _ in range(CHOICES)]
        # Keys and codes have one length each, so every body has the same.
        raw = ballot(ID, "TOKEN", "KEY.....", ["CODE"])
        self._template = raw.replace(b"TOKEN", b"%s").replace(b"KEY.....", b"%s").replace(b"CODE", b"%s")

    def __len__(self) -> int:
        return len(self._tokens) * BALLOTS_EACH

    def key(self, number: int) -> str:
        """The idempotency key, which no other ballot has."""
        return f"b{number:07d}"

    def entry(self, number: int) -> str:
        """The entry it votes for."""
        each, voter = divmod(number, len(self._tokens))
        return self._choices[voter % CHOICES][each]

    def request(self, number: int) -> bytes:
        """The request, the same bytes each time."""
        token = self._tokens[number % len(self._tokens)]
        return self._template % (token, self.key(number).encode(), self.entry(number).encode())
