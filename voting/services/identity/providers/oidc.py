"""Lets voters sign in with their organisation's own login, by OpenID Connect."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from contextlib import suppress

from voting.domain.contest.contest import Contest
from voting.errors import PhoneInvalid
from voting.oidc.client import OidcClient, SignIn
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.identity.providers.phone import normal_number, phone_subject
from voting.services.identity.providers.provider import Flow


class OidcProvider:
    """The provider that the settings name. Only its subject is used, and a verified number where it joins channels."""

    def __init__(self, client: OidcClient, keyring: Keyring) -> None:
        self._client = client
        self._keyring = keyring

    async def page(self, snapshot: ContestSnapshot, flow: Flow) -> str:
        """Returns the address of the provider's sign-in page. Raises ProviderAway."""
        scope = "openid phone" if _needs_phone(snapshot.contest) else "openid"
        return await self._client.page(self._sign_in(flow), scope)

    async def identify(self, snapshot: ContestSnapshot, flow: Flow, query: Mapping[str, str]) -> Sequence[str]:
        """Returns the person's subjects. Raises SignInExpired, SignInRefused or ProviderAway."""
        claims = await self._client.claims(self._sign_in(flow), query, int(snapshot.now().timestamp()))
        subjects = [f"oidc:{self._client.issuer}:{claims['sub']}"]
        if _needs_phone(snapshot.contest) and claims.get("phone_number_verified") is True:
            with suppress(PhoneInvalid):
                subjects.append(phone_subject(normal_number(str(claims.get("phone_number", "")))))
        return subjects

    def _sign_in(self, flow: Flow) -> SignIn:
        # Nothing is stored of a sign-in: what must stay secret follows from its state and our key.
        nonce, verifier = (
            hmac.digest(self._keyring.key("oidc", part), flow.state.encode(), "sha256").hex()
            for part in ("nonce", "verifier")
        )
        return SignIn(flow.state, nonce, verifier, flow.redirect_uri)


def _needs_phone(contest: Contest) -> bool:
    """Whether a number recognises a person of this channel in another one of the contest."""
    rule = contest.voters
    others = [channel for channel in rule.channels if channel != "oidc"]
    return "phone" in rule.shared_by("oidc") and any("phone" in rule.shared_by(channel) for channel in others)
