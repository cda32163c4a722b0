"""Signs people in at an OpenID Connect provider: discovery, the code flow with PKCE, and checked ID tokens.

Codes, tokens and secrets are never logged.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import httpx
import msgspec
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from voting import outgoing
from voting.errors import ProviderAway, SignInExpired, SignInRefused

# Only those with a public key: a provider that signed with our secret could not be told from ourselves.
ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
FRESH_SECONDS = 3600.0
# A token with an unknown key makes us read the keys again; a forger could send many.
RENEW_SECONDS = 10.0
AWAY_SECONDS = 1.0
LEEWAY_SECONDS = 60


class Metadata(msgspec.Struct, frozen=True):
    """What is used of a provider's description of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: list[str] = msgspec.field(default_factory=lambda: ["client_secret_basic"])


class SignIn(NamedTuple):
    """One sign-in; the three secrets belong to it alone."""

    state: str
    nonce: str
    verifier: str
    redirect_uri: str


class _Tokens(msgspec.Struct):
    id_token: str
    access_token: str = ""


class _Failure(msgspec.Struct):
    error: str = ""


class _Rejected(Exception):
    """The provider refuses a request; the message is its word for why."""


class OidcClient:
    """The client of one provider."""

    def __init__(
        self, http: httpx.AsyncClient, issuer: str, client_id: str, secret: str, *, allow_private: bool
    ) -> None:
        self._http = http
        self.issuer = issuer
        self._client_id = client_id
        self._secret = secret
        self._schemes = ("https", "http") if allow_private else ("https",)
        self._metadata: tuple[Metadata, float] | None = None
        self._keys: tuple[KeySet, float] | None = None
        self._away_until = 0.0
        self._reading = asyncio.Lock()

    async def page(self, sign_in: SignIn, scope: str) -> str:
        """Returns the address of the provider's sign-in page. Raises ProviderAway."""
        metadata = await self._described()
        parameters = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": sign_in.redirect_uri,
            "scope": scope,
            "state": sign_in.state,
            "nonce": sign_in.nonce,
            "code_challenge": _challenge(sign_in.verifier),
            "code_challenge_method": "S256",
        }
        return str(add_params_to_uri(metadata.authorization_endpoint, list(parameters.items())))

    async def claims(self, sign_in: SignIn, query: Mapping[str, str], now: int) -> Mapping[str, Any]:
        """Returns the claims of the person who came back with this query. `now`: seconds of Unix time.

        Raises SignInExpired for a code that was used or is too old, SignInRefused for anything that is not the
        provider's word about this sign-in, and ProviderAway.
        """
        # RFC 9207: another provider's answer must not be taken for this one's.
        if "error" in query or query.get("iss", self.issuer) != self.issuer or not query.get("code"):
            raise SignInRefused
        metadata = await self._described()
        try:
            tokens = await self._exchange(metadata, sign_in, query["code"])
            return await self._verified(metadata, tokens, sign_in.nonce, now)
        except _Rejected as error:
            if str(error) == "invalid_grant":
                raise SignInExpired from None
            # Such as invalid_client: no voter can sign in before the settings are corrected.
            logging.getLogger("voting").warning("OpenID Connect: the provider refuses our client: %s", error)
            raise ProviderAway from None
        except (JoseError, msgspec.MsgspecError, ValueError, KeyError, TypeError) as error:
            logging.getLogger("voting").warning("OpenID Connect: an ID token was refused: %s", type(error).__name__)
            raise SignInRefused from None

    async def _exchange(self, metadata: Metadata, sign_in: SignIn, code: str) -> _Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": sign_in.redirect_uri,
            "code_verifier": sign_in.verifier,
        }
        auth: httpx.BasicAuth | None = None
        if self._secret and "client_secret_basic" in metadata.token_endpoint_auth_methods_supported:
            # RFC 6749 section 2.3.1: both are form-encoded first.
            auth = httpx.BasicAuth(quote(self._client_id, safe=""), quote(self._secret, safe=""))
        else:
            form |= {"client_id": self._client_id} | ({"client_secret": self._secret} if self._secret else {})
        request = self._http.build_request("POST", metadata.token_endpoint, data=form)
        return msgspec.json.decode(await self._ask(request, auth), type=_Tokens)

    async def _verified(self, metadata: Metadata, tokens: _Tokens, nonce: str, now: int) -> Mapping[str, Any]:
        try:
            token = jwt.decode(tokens.id_token, await self._key_set(metadata), ALGORITHMS)
        except InvalidKeyIdError:
            # The provider may have changed its keys.
            token = jwt.decode(tokens.id_token, await self._key_set(metadata, RENEW_SECONDS), ALGORITHMS)
        options = {"iss": {"value": self.issuer}, "aud": {"value": self._client_id}}
        expected = {"nonce": nonce, "client_id": self._client_id, "access_token": tokens.access_token}
        claims = CodeIDToken(token.claims, token.header, options, expected)
        claims.validate(now, LEEWAY_SECONDS)
        return token.claims

    async def _described(self) -> Metadata:
        async with self._reading:
            if self._metadata is None or time.monotonic() - self._metadata[1] > FRESH_SECONDS:
                # Visitors who waited for an answer that did not come do not each wait for another one.
                if time.monotonic() < self._away_until:
                    raise ProviderAway
                try:
                    self._metadata = await self._describe(), time.monotonic()
                except ProviderAway:
                    self._away_until = time.monotonic() + AWAY_SECONDS
                    raise
            return self._metadata[0]

    async def _describe(self) -> Metadata:
        address = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            metadata = msgspec.json.decode(await self._ask(self._http.build_request("GET", address)), type=Metadata)
        except (_Rejected, msgspec.DecodeError):
            raise _away("there is no description of it") from None
        if metadata.issuer != self.issuer:
            raise _away("it names another issuer than VOTING_OIDC_ISSUER")
        if urlsplit(metadata.authorization_endpoint).scheme not in self._schemes:
            raise _away("its sign-in page is not https")
        return metadata

    async def _key_set(self, metadata: Metadata, fresh: float = FRESH_SECONDS) -> KeySet:
        async with self._reading:
            if self._keys is None or time.monotonic() - self._keys[1] > fresh:
                body = await self._ask(self._http.build_request("GET", metadata.jwks_uri))
                self._keys = KeySet.import_key_set(msgspec.json.decode(body)), time.monotonic()
            return self._keys[0]

    async def _ask(self, request: httpx.Request, auth: httpx.BasicAuth | None = None) -> bytes:
        """Returns the body of an answer of status 200. Raises ProviderAway, or _Rejected for one of 400 to 499."""
        try:
            status, body = await outgoing.ask(self._http, request, auth)
        except httpx.HTTPError as error:
            raise _away(type(error).__name__) from None
        if 400 <= status < 500:
            with suppress(msgspec.DecodeError):
                raise _Rejected(msgspec.json.decode(body, type=_Failure).error[:100])
            raise _Rejected(f"status {status}")
        if status != 200:
            raise _away(f"it answers with status {status}")
        return body


def _challenge(verifier: str) -> str:
    challenge: str = create_s256_code_challenge(verifier)  # type: ignore[no-untyped-call]
    return challenge


def _away(why: str) -> ProviderAway:
    logging.getLogger("voting").warning("OpenID Connect: the provider cannot be used: %s", why)
    return ProviderAway()
