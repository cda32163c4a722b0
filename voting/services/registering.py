"""Gives a web voter a credential for a solved challenge."""

from __future__ import annotations

from voting.errors import ChannelClosed, CredentialInvalid
from voting.postgres import ballots
from voting.postgres.database import Database
from voting.services.catalogue import Listing
from voting.services.challenging import Challenging
from voting.services.keyring import Keyring


class Registering:
    """Registers voters."""

    def __init__(self, database: Database, keyring: Keyring, challenging: Challenging) -> None:
        self._database = database
        self._keyring = keyring
        self._challenging = challenging

    async def register(self, listing: Listing, solved: str | None, held: str | None) -> str:
        """The voter's token: `held` again where it is good, so that one browser stays one voter.

        Raises ChallengeRequired, with a fresh challenge, for one that is unsolved or was used before; ChannelClosed
        where the contest takes no voters from the web.
        """
        contest, now = listing.contest.id, listing.now()
        if "web" not in listing.contest.voters.channels:
            raise ChannelClosed
        fit = self._challenging.check(contest, "registration", solved, now)
        if not await self._database.transact(lambda tx: ballots.spend_challenge(tx, contest, fit.mark, fit.expires_at)):
            raise self._challenging.required(contest, "registration", now, "the challenge was used before")
        return held if held and self._is_good(contest, held) else self._keyring.issue_credential(contest, "web", now)

    def _is_good(self, contest: str, token: str) -> bool:
        try:
            self._keyring.open_credential(contest, token)
        except CredentialInvalid:
            return False
        return True
