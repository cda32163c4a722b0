"""Ballots to offer, made when they are sent: half a million requests at once would be half a gigabyte."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from loadtests.client import request
from loadtests.crowd import Popularity
from loadtests.service import ID

BALLOTS_EACH = 5
CHOICES = 1009
_TOKEN, _KEY, _ENTRY = "TOKEN", "KEY.....", "CODE"


class Supply:
    """Ballots that the rules allow, by number: all voters' first, then their second, up to the quota."""

    def __init__(self, tokens: Sequence[str], entries: Sequence[str], seed: int = 1) -> None:
        self._tokens = [token.encode() for token in tokens]
        popularity = Popularity(entries, Random(seed))
        # A ballot's choice, of a table: choosing costs more than sending.
        self._choices = [popularity.choose(BALLOTS_EACH) for _ in range(CHOICES)]
        self._template = _template()

    def __len__(self) -> int:
        return len(self._tokens) * BALLOTS_EACH

    def key(self, number: int) -> str:
        """The idempotency key: no other ballot of this supply has it."""
        return f"b{number:07d}"

    def entry(self, number: int) -> str:
        """The entry it votes for."""
        each, voter = divmod(number, len(self._tokens))
        return self._choices[voter % CHOICES][each]

    def request(self, number: int) -> bytes:
        """The ballot as it goes over the wire; the same bytes each time."""
        token = self._tokens[number % len(self._tokens)]
        return self._template % (token, b"b%07d" % number, self.entry(number).encode())


def _template() -> bytes:
    """Codes of entries have one length, and so has every body."""
    body = b'{"entries": ["%s"]}' % _ENTRY.encode()
    headers = {"Authorization": f"Bearer {_TOKEN}", "Idempotency-Key": _KEY}
    raw = request("POST", f"/api/v1/contests/{ID}/ballots", headers, body)
    for name in (_TOKEN, _KEY, _ENTRY):
        raw = raw.replace(name.encode(), b"%s")
    return raw
