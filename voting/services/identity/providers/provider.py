"""What a channel's provider does. The table of all providers is in voting.wiring.serving."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from voting.services.contests.contest_cache import ContestSnapshot


class Visitor(NamedTuple):
    """Who asks: the client's address and User-Agent, and the credential that it has already."""

    address: str | None
    agent: str | None = None
    token: str | None = None


class PostedProvider(Protocol):
    """A channel whose clients post a proof to the API."""

    async def sign_in(self, snapshot: ContestSnapshot, visitor: Visitor, proof: Any) -> str:
        """Returns the token of the voter who gave this proof."""


class ConfirmingProvider(Protocol):
    """A channel whose proof can also confirm a voter of another channel."""

    async def identify(self, snapshot: ContestSnapshot, visitor: Visitor, proof: Any) -> Sequence[str]:
        """Returns the subjects, as `Persons.sign_in` takes them, of whoever gave this proof."""


class Flow(NamedTuple):
    """One visit to another host's sign-in page: what comes back must have this state and come to this address."""

    state: str
    redirect_uri: str


class RedirectProvider(Protocol):
    """A channel that sends the browser to another host's sign-in page, which sends it back with a code."""

    async def page(self, snapshot: ContestSnapshot, flow: Flow) -> str:
        """Returns the address of the sign-in page. Raises ProviderAway."""

    async def identify(self, snapshot: ContestSnapshot, flow: Flow, query: Mapping[str, str]) -> Sequence[str]:
        """Returns the subjects, as `Persons.sign_in` takes them, for the parameters with which the browser came back.

        The state is checked already. Raises SignInExpired for a code that was used or is too old, SignInRefused, and
        ProviderAway.
        """
