"""A hundred thousand forged, altered, expired and foreign credentials and sign-in states: none is accepted."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

import msgspec
import pytest

from tests.conftest import SECRET, Contests
from voting.domain.identity.channel import NUMBERS, Channel
from voting.domain.identity.token import mac, seal
from voting.errors import CredentialInvalid, SignInExpired
from voting.services.contests.contest_cache import ContestSnapshot
from voting.services.identity.keyring import Keyring
from voting.services.identity.redirects import Pending
from voting.settings import Settings
from voting.wiring import serving

CREDENTIALS, STATES = 80_000, 20_000
OURS, THEIRS = Keyring(SECRET.encode()), Keyring(b"another secret of more than 32 bytes, of an attacker")
CHANNELS: list[Channel] = [channel for channel in NUMBERS if channel != "issued"]
Forge = Callable[[random.Random, str], str]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token: str) -> tuple[bytes, bytes]:
    payload, tag = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split("."))
    return payload, tag


def flipped(chance: random.Random, token: str) -> str:
    """One bit of the payload or the tag is another one."""
    payload, tag = parts(token)
    data = bytearray(payload + tag)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return f"{encoded(bytes(data[: len(payload)]))}.{encoded(bytes(data[len(payload) :]))}"


def another_spelling(chance: random.Random, token: str) -> str:
    """The same bytes, or nearly, written differently."""
    place = chance.randrange(len(token))
    return chance.choice(
        [
            token[:place],
            token + chance.choice("A=. \n~"),
            token[:place] + chance.choice("=+/\0 é%") + token[place:],
            token.replace(".", ".."),
            token.swapcase(),
            token + "." + token,
            token[::-1],
        ]
    )


def with_tag_of_another(chance: random.Random, token: str) -> str:
    payload, _ = parts(token)
    other = chance.randbytes(len(payload))
    return f"{encoded(other)}.{token.split('.')[1]}"


def by_another_algorithm(chance: random.Random, token: str, contest: str) -> str:
    """Signed with the right key, but with another function, another length, or not at all."""
    payload, _ = parts(token)
    key = OURS.key("credential", contest)
    tag = chance.choice(
        [
            hmac.digest(key, payload, "sha256")[:16],
            hashlib.blake2b(payload, digest_size=32, key=key).digest(),
            hashlib.blake2b(payload, digest_size=16).digest(),
            mac(b"\0" * 32, payload),
            b"",
            b"\0" * 16,
        ]
    )
    return f"{encoded(payload)}.{encoded(tag)}"


FORGERIES: list[Forge] = [flipped, another_spelling, with_tag_of_another]


def forged_credentials(chance: random.Random, snapshot: ContestSnapshot, foreign: str) -> Iterator[str]:
    contest, now = snapshot.contest.id, snapshot.now()
    early = snapshot.contest.opens_at - timedelta(milliseconds=2)
    for _ in range(CREDENTIALS // 8):
        right = OURS.issue_credential(contest, chance.choice(CHANNELS), now)
        payload, _ = parts(right)
        yield from (forge(chance, right) for forge in FORGERIES)
        yield by_another_algorithm(chance, right, contest)
        yield THEIRS.issue_credential(contest, "web", now)
        yield OURS.issue_credential(foreign, "web", now)
        # Of a window before this one; and right bytes of another kind, version or channel, sealed by ourselves.
        yield OURS.issue_credential(contest, chance.choice(CHANNELS), early - timedelta(days=chance.randrange(400)))
        yield chance.choice(
            [
                OURS.issue_ticket(contest, now),
                seal(OURS.key("ticket", contest), payload),
                seal(OURS.key("credential", contest), b"\x02" + payload[1:]),
                seal(OURS.key("credential", contest), payload[:1] + b"\x63" + payload[2:]),
                seal(OURS.key("credential", contest), payload + b"\0"),
            ]
        )


def forged_states(chance: random.Random, snapshot: ContestSnapshot) -> Iterator[tuple[str, str]]:
    contest, now, key = snapshot.contest.id, snapshot.now(), OURS.key("sign-in")
    for _ in range(STATES // 5):
        pending = Pending(contest, "oidc", secrets.token_hex(16), f"/c/{contest}", now)
        cookie = seal(key, msgspec.json.encode(pending))
        yield flipped(chance, cookie), pending.state
        yield another_spelling(chance, cookie), pending.state
        yield cookie, chance.choice([secrets.token_hex(16), pending.state[:-1], pending.state.upper() + "x", ""])
        yield seal(THEIRS.key("sign-in"), msgspec.json.encode(pending)), pending.state
        other = msgspec.structs.replace(pending, channel="wechat")
        yield seal(key, msgspec.json.encode(other)), pending.state


async def test_none_of_a_hundred_thousand_forgeries_is_accepted(settings: Settings, contests: Contests) -> None:
    chance = random.Random(17)
    foreign = await contests.make()
    async with serving.services(settings) as services:
        snapshot = await services.contest_cache.get(await contests.make())
        tried = 0
        for token in forged_credentials(chance, snapshot, foreign):
            tried += 1
            with pytest.raises(CredentialInvalid):
                services.keyring.credential_of(snapshot.contest, token)
        for cookie, state in forged_states(chance, snapshot):
            tried += 1
            with pytest.raises(SignInExpired):
                services.redirects.pending("oidc", cookie, state)
        assert tried == CREDENTIALS + STATES

        # The right ones are accepted, so it is not for another reason that the others are not.
        right = OURS.issue_credential(snapshot.contest.id, "web", snapshot.now())
        assert services.keyring.credential_of(snapshot.contest, right).channel == "web"
        pending = Pending(snapshot.contest.id, "oidc", secrets.token_hex(16), "/", snapshot.now())
        cookie = seal(OURS.key("sign-in"), msgspec.json.encode(pending))
        assert services.redirects.pending("oidc", cookie, pending.state) == pending
